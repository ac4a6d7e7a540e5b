// Every URL of the app as a function: no template and no handler spells one out.

const linkPages = {
  invitation: 'invitation',
  password_reset: 'new-password',
  email_change: 'email',
} as const;

/** @param list of the console (console/tables.ts) */
const consoleRecord = (list: string, id: string) => `/admin/resources/${list}/records/${id}/show`;

export const paths = {
  home: () => '/',
  signIn: (next?: string) => (next ? `/sign-in?next=${encodeURIComponent(next)}` : '/sign-in'),
  signOut: () => '/sign-out',
  /** Until when the session lasts; POST extends it. */
  session: () => '/session',
  bookings: () => '/bookings',
  /** Searches bookings, specialists and pages; for staff also organisations, for admins also people. */
  search: () => '/search',
  /** Searches by reference only: other search words never appear in URLs. */
  bookingsFound: (reference: string) => `/bookings?q=${encodeURIComponent(reference)}`,
  /** Encoded: some callers pass the id as the request contains it, before anything has checked it. */
  booking: (id: string) => `/bookings/${encodeURIComponent(id)}`,
  bookingConfirmed: (id: string) => `/bookings/${id}?confirmed`,
  bookingSearch: () => '/bookings/search',
  bookingCalendar: (id: string) => `/bookings/${id}/calendar.ics`,
  /** The parts of a booking's page, which an open page polls. */
  bookingStatus: (id: string) => `/bookings/${id}/status`,
  bookingReschedule: (id: string) => `/bookings/${id}/reschedule`,
  bookingCancel: (id: string) => `/bookings/${id}/cancel`,
  /** Colleagues who are told about a booking. */
  bookingContacts: (id: string) => `/bookings/${id}/contacts`,
  bookingMessages: (id: string) => `/bookings/${id}/messages`,
  /** Older messages than this one. */
  bookingMessagesBefore: (id: string, messageId: string) => `/bookings/${id}/messages?before=${messageId}`,
  /** For staff, to say that none of the messages needs an answer any more. */
  bookingMessagesAnswered: (id: string) => `/bookings/${id}/messages/answered`,
  /** Notes that only staff see. */
  bookingNotes: (id: string) => `/bookings/${id}/notes`,
  /** For the examinee, to print or send. */
  bookingInstructions: (id: string) => `/bookings/${id}/instructions`,
  /** Begins a draft with what is known of this booking. */
  bookingAgain: (id: string) => `/bookings/${id}/again`,
  bookingProgress: (id: string) => `/bookings/${id}/progress`,
  /** Shows how an attempt ended whose answer was lost. */
  bookingAttempt: (attemptId: string) => `/bookings/attempts/${attemptId}`,
  /** The journey: specialist → time → examinee → check → (confirm: POST /bookings). */
  /** With a draft: chooses another specialist for it. */
  newBooking: (draftId?: string) => (draftId ? `/bookings/new?draft=${draftId}` : '/bookings/new'),
  draftTime: (draftId: string) => `/bookings/new/${draftId}/time`,
  draftExaminee: (draftId: string) => `/bookings/new/${draftId}/examinee`,
  /** Shows which questions are not answered yet. */
  draftUnanswered: (draftId: string) => `/bookings/new/${draftId}/examinee?unanswered`,
  draftReview: (draftId: string) => `/bookings/new/${draftId}/check`,
  waitList: () => '/wait-list',
  /** The wait-list before booking: of a specialist, for a kind of examination. */
  waitListJoin: (specialistId: string, type: string) =>
    `/wait-list/new?specialist=${specialistId}&type=${type}`,
  waitListLeave: (entryId: string) => `/wait-list/${entryId}/leave`,
  bookingWaitList: (id: string) => `/bookings/${id}/wait-list`,
  offerAccept: (offerId: string) => `/wait-list/offers/${offerId}/accept`,
  offerDecline: (offerId: string) => `/wait-list/offers/${offerId}/decline`,
  bookingDocuments: (id: string) => `/bookings/${id}/documents`,
  /** All of them, as one ZIP file. */
  bookingArchive: (id: string) => `/bookings/${id}/documents.zip`,
  /** The list as a table, with the filters of the query. */
  bookingsTable: () => '/bookings/export.csv',
  document: (id: string) => `/documents/${id}`,
  /** Shows the document in a sandboxed frame. */
  documentView: (id: string) => `/documents/${id}/view`,
  documentReceipt: (id: string) => `/documents/${id}/receipt`,
  documentRelease: (id: string) => `/documents/${id}/release`,
  documentRecall: (id: string) => `/documents/${id}/recall`,
  documentCategory: (id: string) => `/documents/${id}/category`,
  documentDelete: (id: string) => `/documents/${id}/delete`,
  specialists: () => '/specialists',
  /** The soonest free times of all specialists who match. */
  firstFree: () => '/specialists/first-free',
  specialist: (id: string) => `/specialists/${id}`,
  specialistFiles: (id: string) => `/specialists/${id}/files`,
  specialistFile: (id: string, kind: 'photo' | 'cv') => `/specialists/${id}/${kind}`,
  availability: (specialistId: string) => `/specialists/${specialistId}/availability`,
  questions: (specialistId: string) => `/specialists/${specialistId}/questions`,
  console: () => '/admin',
  consoleRecord,
  consoleList: (list: string) => `/admin/resources/${list}`,
  consoleBooking: (id: string) => consoleRecord('bookings', id),
  bookingsWithoutReferrer: () => '/admin/resources/bookings?filters.needsReferrer=true',
  relay: () => '/automation/acuity',
  acuityWebhook: () => '/webhooks/acuity',
  webhookReplay: (id: string) => `/admin/webhooks/${id}/replay`,
  accessCheck: () => '/admin/access-check',
  actAs: (userId?: string) => (userId ? `/admin/act-as?user=${userId}` : '/admin/act-as'),
  impersonate: () => '/admin/impersonate',
  /** The tabs of an admin poll it while one of them acts. */
  acting: () => '/admin/acting',
  exitImpersonation: () => '/admin/exit-impersonation',
  /** The next unanswered message, for staff. */
  nextUnanswered: (afterBookingId: string) => `/admin/next/unanswered?after=${afterBookingId}`,
  bulkActions: () => '/admin/bulk',
  bulkAction: (id: string) => `/admin/bulk/${id}`,
  bulkStart: (id: string) => `/admin/bulk/${id}/start`,
  bulkStop: (id: string) => `/admin/bulk/${id}/stop`,
  episodes: () => '/admin/episodes',
  episode: (id: string) => `/admin/episodes/${id}`,
  addSpecialist: () => '/admin/resources/specialists/actions/new',
  acuityConnection: () => '/admin/acuity',
  /** Maps Acuity's questions to details. */
  acuityQuestions: (done?: 'saved' | 'read' | 'unread') =>
    done ? `/admin/acuity-questions?${done}` : '/admin/acuity-questions',
  acuityQuestionsRead: () => '/admin/acuity-questions/read',
  /** The system check. */
  doctor: () => '/admin/doctor',
  /** Reports to the system check how its request reached the app. */
  doctorProbe: () => '/doctor/probe',
  /** Charts of what the console counts. */
  figures: () => '/admin/figures',
  /** Who is late with documents, and the rules. */
  paperwork: () => '/admin/paperwork',
  merges: () => '/admin/merges',
  mergePreview: () => '/admin/merges/preview',
  mergeUndo: (id: string) => `/admin/merges/${id}/undo`,
  account: () => '/account',
  accountInvitation: (token: string) => `/account/invitation/${token}`,
  accountForgotten: () => '/account/forgotten',
  accountPasswordReset: (token: string) => `/account/new-password/${token}`,
  accountPassword: () => '/account/password',
  accountEmail: () => '/account/email',
  accountEmailProof: (token: string) => `/account/email/${token}`,
  accountMail: () => '/account/mail',
  accountCalendar: () => '/account/calendar',
  /** A person's feed, for calendar programs; the token is secret. */
  calendarFeed: (token: string) => `/calendar/${token}/examinations.ics`,
  /** Stops one kind of e-mail without a session, by the signed token of a mail. */
  accountMailStop: (token: string) => `/account/mail/stop/${token}`,
  accountSessions: () => '/account/sessions',
  accountSessionsEnd: () => '/account/sessions/end',
  accountSessionsEndAll: () => '/account/sessions/end-all',
  accountTwoFactor: () => '/account/two-factor',
  /** After signing in. `next`: where it leads when it is not wanted. */
  accountTwoFactorOffer: (next: string) => `/account/two-factor?next=${encodeURIComponent(next)}`,
  accountTwoFactorLater: () => '/account/two-factor/later',
  accountTwoFactorSetUp: () => '/account/two-factor/set-up',
  accountTwoFactorCodes: () => '/account/two-factor/codes',
  accountTwoFactorOff: () => '/account/two-factor/off',
  /** `which`: an organisation's id, or `staff` for the agency. */
  accountPeople: (which?: string) => (which ? `/account/people?of=${which}` : '/account/people'),
  accountPerson: (id: string) => `/account/people/${id}`,
  accountPersonRole: (id: string) => `/account/people/${id}/role`,
  accountInvite: () => '/account/invitations',
  accountInviteAgain: () => '/account/invitations/again',
  accountInviteRevoke: () => '/account/invitations/revoke',
  accountOrganizations: () => '/account/organizations',
  signInSecondStep: (next?: string) =>
    next ? `/sign-in/code?next=${encodeURIComponent(next)}` : '/sign-in/code',
  /** A link in an e-mail, with its secret token. */
  accountLink: (kind: keyof typeof linkPages, token: string) => `/account/${linkPages[kind]}/${token}`,
  health: () => '/healthz',
  ready: () => '/readyz',
  metrics: () => '/metrics',
  openapi: () => '/api/openapi.json',
  /** Explains the codes of errors, for people who write programs. */
  problems: (code?: string) => (code ? `/problems#${code}` : '/problems'),
} as const;

/** Called by other systems, which sign the bytes of their requests: their routes read the raw body. */
export const signedPaths: ReadonlySet<string> = new Set([paths.relay(), paths.acuityWebhook()]);
