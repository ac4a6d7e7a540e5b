export { findVisible, mayBook, maySee, seeBookingRules } from './booking.access.ts';
export {
  stateToTell,
  tellNobody,
  type Announce,
  type Announcement,
} from './booking.announcement.ts';
export { createReportWaits, type ReportWait, type ReportWaits } from './report-wait.ts';
export { answersDigest, answersOf, isDigestOf, type Answers } from './booking.answers.ts';
export { bookingCalendar, bookingsCalendar } from './booking.calendar.ts';
export {
  createCalendarFeeds,
  type CalendarFeed,
  type CalendarFeeds,
  type FeedChoice,
} from './booking.feed.ts';
export {
  contactRoles,
  contactsOf,
  listContactsQuery,
  contactsRequestSchema,
  type BookingContacts,
  type Contact,
  type ContactChoice,
  type ContactRole,
} from './booking.contact.ts';
export { instructionsFor, type Instructions } from './booking.instructions.ts';
export type { IntakeDeps } from './booking.deps.ts';
export type * from './booking.detail.ts';
export * from './booking.details.ts';
export * from './booking.drafts.ts';
export {
  bookingListQuerySchema,
  defaultPageSize,
  type ListView,
  bookingRequestSchema,
  cancelRequestSchema,
  examineeSchema,
  flatDetailsSchema,
  idempotencyKeySchema,
  idSchema,
  progressRequestSchema,
  rescheduleRequestSchema,
  startsAtSchema,
} from './booking.input.ts';
export {
  intakeDetails,
  intakeFields,
  isOwnDetail,
  ownFields,
  type IntakeFields,
  type IntakeName,
  type OwnFields,
} from './booking.intake.ts';
export { isBeforeToday } from './booking.text.ts';
export { isAhead, isFirstReport } from './booking.progress.ts';
export { refreshPaperworkJob, removeExpiredDraftsJob } from './booking.jobs.ts';
export {
  changesBetween,
  digestOfAll,
  insertAnswers,
  insertAnswersQuery,
  keptAnswers,
  type KeptAnswers,
  answersText,
} from './booking.kept-answers.ts';
export * from './booking.list.ts';
export {
  readListFacts,
  type CountedTab,
  type ListedBooking,
  type ListFacts,
} from './booking.list-facts.ts';
export { listTabs, type ListTab } from './booking.tabs.ts';
export type { NeedKind } from './booking.needs.ts';
export * from './booking.needs-list.ts';
export {
  dueState,
  dueWithin,
  neededPapers,
  paperCategories,
  papersInWords,
  papersOf,
  paperWords,
  stillToCome,
  type Paper,
  type PaperCategory,
} from './booking.paperwork.ts';
export {
  answersDigestOf,
  changeBooking,
  findBooking,
  findBookingByAppointment,
  findBookingId,
  applyAcuityChanges,
  findBookingQuery,
  insertBooking,
  insertBookingQuery,
  insertProgressQuery,
  lockBookingQuery,
  insertProgress,
  lockBooking,
  selectBookings,
  type BookingRow,
  toBooking,
  madeInAcuityBy,
  type AcuityChanges,
} from './booking.repository.ts';
export { createRecentBookings, type RecentBookings } from './booking.recent.ts';
export { createSameExaminee, type SameExaminee } from './booking.same-examinee.ts';
export * from './booking.paperwork-rules.ts';
export * from './booking.paperwork-report.ts';
export * from './booking.service.ts';
export * from './booking.ts';
export { createUpcomingBookings, type UpcomingBookings } from './booking.upcoming.ts';
export {
  takeBackBooking,
  takeBackChange,
  takeOverInto,
  type BookingBefore,
  type TakeOver,
} from './booking.taken-over.ts';
export { assignableOrganizations, countUnassigned, needsReferrer, markAsNotified } from './booking.assign.ts';
export { papersPart, type BookingView, type ViewPart } from './booking.view.ts';
