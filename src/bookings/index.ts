export * from './booking.ts';
export type * from './booking.detail.ts';
export * from './booking.details.ts';
export type * from './booking.service.ts';
export * from './booking.list.ts';
export * from './booking.drafts.ts';
export { bookingMailKinds } from './booking.deps.ts';
export type {
  Announce,
  Announcement,
  BookingDeps,
  BookingMailKind,
  BookingTimings,
} from './booking.deps.ts';
export {
  contactRoles,
  contactsOf,
  contactsRequestSchema,
  type BookingContacts,
  type Contact,
  type ContactChoice,
  type ContactRole,
} from './booking.contact.ts';
export {
  checkLateJob,
  removeExpiredDraftsJob,
  settleIntentionJob,
  sweepIntentionsJob,
} from './booking.jobs.ts';
export { findVisible, maySee, mayBook, mayKnowAttempt } from './booking.access.ts';
export {
  answersDigestOf as storedAnswersDigest,
  findBooking,
  findBookingId,
  lockBooking,
} from './booking.repository.ts';
export {
  bookingListQuerySchema,
  bookingRequestSchema,
  cancelRequestSchema,
  examineeSchema,
  flatDetailsSchema,
  idempotencyKeySchema,
  idSchema,
  progressRequestSchema,
  rescheduleRequestSchema,
  startsAtSchema,
  timezoneSchema,
} from './booking.input.ts';
export { createBookingService } from './booking.verbs.ts';
export { createBookingSettlement, type BookingSettlement } from './booking.settle.ts';
export { answersOf, changedInAcuity, earlierFields, referencesIn, type Answers } from './booking.answers.ts';
export {
  intakeDetails,
  intakeFields,
  isOwnDetail,
  referenceNotSent,
  type IntakeFields,
  type IntakeName,
} from './booking.acuity.ts';
export { differences, bookingDifferences, type BookingDifference } from './booking.differences.ts';
export {
  followAppointment,
  seenBooking,
  type FollowCause,
  type Followed,
  type Reading,
} from './booking.follow.ts';
export { importAppointment, type Imported } from './booking.import.ts';
export {
  answersContext,
  answersWithHistory,
  changedAnswers,
  type AnswersContext,
} from './booking.kept-answers.ts';
export { findKnown, type KnownBooking } from './booking.known.ts';
export { findIntention } from './booking.intentions.ts';
export { bookingCalendar } from './booking.calendar.ts';
export { proseSchema } from './booking.text.ts';
export { countUnassigned, needsReferrer } from './booking.unassigned.ts';
