/** Facts of a request, which every audit row has. */
export interface RequestFacts {
  requestId: string;
  ip: string | null;
  userAgent: string | null;
}

/** Each action with the words that pages show for it. The database has the same actions. */
export const auditActions = {
  'auth.signed_in': 'Signed in',
  'auth.sign_in_failed': 'Sign-in failed',
  'auth.signed_out': 'Signed out',
  'auth.two_factor_failed': 'Two-step sign-in failed',
  'auth.password_reset': 'Password reset',
  'impersonation.started': 'Started acting',
  'impersonation.ended': 'Stopped acting',
  'booking.created': 'Booking scheduled',
  'booking.viewed': 'Booking viewed',
  'booking.rescheduled': 'Booking rescheduled',
  'booking.cancelled': 'Booking cancelled',
  'booking.progressed': 'Progress updated',
  'booking.edited': 'Details changed',
  'instructions.sent': 'Instructions sent to the examinee',
  'message.sent': 'Message written',
  'message.answered': 'Message answered',
  'note.added': 'Note added',
  'document.uploaded': 'Document added',
  'document.downloaded': 'Document opened',
  'document.deleted': 'Document deleted',
  'document.refused': 'Document refused',
  'document.released': 'Report released',
  'document.recalled': 'Report recalled',
  'webhook.received': 'Webhook event received',
  'webhook.processed': 'Webhook event processed',
  'webhook.rejected': 'Webhook event rejected',
  'webhook.replayed': 'Webhook event replayed',
  'drift.found': 'Difference from Acuity found',
  'drift.fixed': 'Difference from Acuity fixed',
  'record.changed': 'Changed',
  'records.exported': 'List exported',
  'records.imported': 'Records imported',
  'access.denied': 'Access refused',
} as const;
export type AuditAction = keyof typeof auditActions;

export const auditOutcomes = {
  success: 'Done',
  failure: 'Failed',
  denied: 'Refused',
  pending: 'Pending',
} as const;

export type AuditOutcome = keyof typeof auditOutcomes;

/** What an entry is about, with the words that pages show for it. */
export const auditedTypes = {
  booking: 'Booking',
  booking_attempt: 'Booking attempt',
  session: 'Session',
  user: 'Person',
  account_link: 'Account link',
  specialist: 'Specialist',
  organization: 'Organisation',
  document: 'Document',
  webhook_event: 'Webhook event',
  email: 'E-mail',
  drift_report: 'Reconciliation',
  drift_item: 'Difference from Acuity',
  bulk_action: 'Bulk action',
  console_view: 'Saved view',
  list: 'List',
  intake_mapping: 'Details in Acuity',
  paperwork_rule: 'Paperwork rule',
  acuity_connection: 'Acuity connection',
  import: 'Import',
  restore: 'Restore',
  job: 'Job',
  wait_entry: 'Waiting list entry',
  wait_offer: 'Waiting list offer',
  page: 'Page',
} as const;

export interface AuditEntry {
  action: AuditAction;
  resourceType: keyof typeof auditedTypes;
  resourceId: string | null;
  outcome?: AuditOutcome;
  /** Ids, names of columns, reasons. Never health information, never an e-mail address in clear. */
  metadata?: Record<string, unknown>;
}

/** Who did it. `actorId` is the person at the keyboard; `actingAsId` the referrer in whose name, if any. */
export interface AuditActor {
  actorId: string | null;
  actingAsId: string | null;
  request: RequestFacts | null;
}

/** For what no person does: a job, a webhook, a settlement. */
export const systemActor: AuditActor = { actorId: null, actingAsId: null, request: null };

/** For a request of somebody who is not signed in. */
export function anonymousActor(request: RequestFacts): AuditActor {
  return { ...systemActor, request };
}
