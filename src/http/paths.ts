// Every URL of the app as a function: no template and no handler spells one out.

const linkPages = {
  invitation: 'invitation',
  password_reset: 'new-password',
  email_change: 'email',
} as const;

export const paths = {
  home: () => '/',
  signIn: (next?: string) => (next ? `/sign-in?next=${encodeURIComponent(next)}` : '/sign-in'),
  signOut: () => '/sign-out',
  bookings: () => '/bookings',
  /** By reference: what else people search for stays out of addresses. */
  bookingsFound: (reference: string) => `/bookings?q=${encodeURIComponent(reference)}`,
  /** Encoded, because some callers pass the id as the request named it, before anything has checked it. */
  booking: (id: string) => `/bookings/${encodeURIComponent(id)}`,
  bookingConfirmed: (id: string) => `/bookings/${id}?confirmed`,
  bookingSearch: () => '/bookings/search',
  bookingCalendar: (id: string) => `/bookings/${id}/calendar.ics`,
  /** What of a booking's page may change while it is open. */
  bookingStatus: (id: string) => `/bookings/${id}/status`,
  bookingReschedule: (id: string) => `/bookings/${id}/reschedule`,
  bookingCancel: (id: string) => `/bookings/${id}/cancel`,
  /** Who is told about a booking beside its booker. */
  bookingContacts: (id: string) => `/bookings/${id}/contacts`,
  bookingProgress: (id: string) => `/bookings/${id}/progress`,
  /** Where the outcome of a lost answer is told. */
  bookingAttempt: (attemptId: string) => `/bookings/attempts/${attemptId}`,
  /** The journey: specialist → time → examinee → check → (confirm: POST /bookings). */
  /** With a draft: choose another specialist for it. */
  newBooking: (draftId?: string) => (draftId ? `/bookings/new?draft=${draftId}` : '/bookings/new'),
  draftTime: (draftId: string) => `/bookings/new/${draftId}/time`,
  draftExaminee: (draftId: string) => `/bookings/new/${draftId}/examinee`,
  /** Says there what is not answered yet. */
  draftUnanswered: (draftId: string) => `/bookings/new/${draftId}/examinee?unanswered`,
  draftReview: (draftId: string) => `/bookings/new/${draftId}/check`,
  bookingDocuments: (id: string) => `/bookings/${id}/documents`,
  document: (id: string) => `/documents/${id}`,
  /** Inline, in a sandbox of its own. */
  documentView: (id: string) => `/documents/${id}/view`,
  documentReceipt: (id: string) => `/documents/${id}/receipt`,
  documentRelease: (id: string) => `/documents/${id}/release`,
  documentRecall: (id: string) => `/documents/${id}/recall`,
  documentDelete: (id: string) => `/documents/${id}/delete`,
  specialists: () => '/specialists',
  availability: (specialistId: string) => `/specialists/${specialistId}/availability`,
  questions: (specialistId: string) => `/specialists/${specialistId}/questions`,
  console: () => '/admin',
  bookingsWithoutReferrer: () => '/admin/resources/bookings?filters.needsReferrer=true',
  relay: () => '/automation/acuity',
  acuityWebhook: () => '/webhooks/acuity',
  webhookReplay: (id: string) => `/admin/webhooks/${id}/replay`,
  accessCheck: () => '/admin/access-check',
  actAs: (userId?: string) => (userId ? `/admin/act-as?user=${userId}` : '/admin/act-as'),
  impersonate: () => '/admin/impersonate',
  /** What the tabs of an admin ask while one of them acts. */
  acting: () => '/admin/acting',
  exitImpersonation: () => '/admin/exit-impersonation',
  /** Of those in whose names or addresses it stands. */
  episodes: (query?: string, page?: number) =>
    query || page
      ? `/admin/episodes?${new URLSearchParams({ ...(query && { q: query }), ...(page && { page: String(page) }) }).toString()}`
      : '/admin/episodes',
  episode: (id: string) => `/admin/episodes/${id}`,
  addSpecialist: () => '/admin/resources/specialists/actions/add',
  acuityConnection: () => '/admin/acuity',
  /** Which question of Acuity is which detail. */
  acuityQuestions: (done?: 'saved' | 'read' | 'unread') =>
    done ? `/admin/acuity-questions?${done}` : '/admin/acuity-questions',
  acuityQuestionsRead: () => '/admin/acuity-questions/read',
  /** What is set up, and what is not. */
  doctor: () => '/admin/doctor',
  /** Where the app tells its own checks how a request reached it. */
  doctorProbe: () => '/doctor/probe',
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
  accountSessions: () => '/account/sessions',
  accountSessionsEnd: () => '/account/sessions/end',
  accountSessionsEndAll: () => '/account/sessions/end-all',
  accountTwoFactor: () => '/account/two-factor',
  accountTwoFactorSetUp: () => '/account/two-factor/set-up',
  accountTwoFactorCodes: () => '/account/two-factor/codes',
  accountTwoFactorOff: () => '/account/two-factor/off',
  /** Of one organisation, or of the agency: `staff`. */
  accountPeople: (which?: string) => (which ? `/account/people?of=${which}` : '/account/people'),
  accountPerson: (id: string) => `/account/people/${id}`,
  accountPersonRole: (id: string) => `/account/people/${id}/role`,
  accountInvite: () => '/account/invitations',
  accountInviteAgain: () => '/account/invitations/again',
  accountInviteRevoke: () => '/account/invitations/revoke',
  accountOrganizations: () => '/account/organizations',
  signInSecondStep: (next?: string) =>
    next ? `/sign-in/code?next=${encodeURIComponent(next)}` : '/sign-in/code',
  /** Of a mail: with its secret part. */
  accountLink: (kind: keyof typeof linkPages, token: string) => `/account/${linkPages[kind]}/${token}`,
  health: () => '/healthz',
  ready: () => '/readyz',
  metrics: () => '/metrics',
  openapi: () => '/api/openapi.json',
} as const;
