// Every URL of the app as a function: no template and no handler spells one out.
export const paths = {
  home: () => '/',
  signIn: (next?: string) => (next ? `/sign-in?next=${encodeURIComponent(next)}` : '/sign-in'),
  signOut: () => '/sign-out',
  bookings: () => '/bookings',
  booking: (id: string) => `/bookings/${id}`,
  bookingConfirmed: (id: string) => `/bookings/${id}?confirmed`,
  bookingSearch: () => '/bookings/search',
  bookingCalendar: (id: string) => `/bookings/${id}/calendar.ics`,
  bookingReschedule: (id: string) => `/bookings/${id}/reschedule`,
  bookingCancel: (id: string) => `/bookings/${id}/cancel`,
  bookingProgress: (id: string) => `/bookings/${id}/progress`,
  /** Where the outcome of a lost answer is told. */
  bookingAttempt: (intentionId: string) => `/bookings/attempts/${intentionId}`,
  /** The journey: specialist → time → examinee → check → (confirm: POST /bookings). */
  /** With a draft: choose another specialist for it. */
  newBooking: (draftId?: string) => (draftId ? `/bookings/new?draft=${draftId}` : '/bookings/new'),
  draftTime: (draftId: string) => `/bookings/new/${draftId}/time`,
  draftExaminee: (draftId: string) => `/bookings/new/${draftId}/examinee`,
  draftReview: (draftId: string) => `/bookings/new/${draftId}/check`,
  specialists: () => '/specialists',
  availability: (specialistId: string) => `/specialists/${specialistId}/availability`,
  health: () => '/healthz',
  ready: () => '/readyz',
  metrics: () => '/metrics',
  openapi: () => '/api/openapi.json',
} as const;
