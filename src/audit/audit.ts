/** What a request says of itself; kept on every audit row. */
export interface RequestFacts {
  requestId: string;
  ip: string | null;
  userAgent: string | null;
}

/** The words of domain.md, checked by the database too. */
export const auditActions = [
  'auth.signed_in',
  'auth.sign_in_failed',
  'auth.signed_out',
  'auth.two_factor_failed',
  'auth.password_reset',
  'impersonation.started',
  'impersonation.ended',
  'booking.created',
  'booking.viewed',
  'booking.rescheduled',
  'booking.cancelled',
  'booking.progressed',
  'booking.edited',
  'instructions.sent',
  'message.sent',
  'message.answered',
  'note.added',
  'document.uploaded',
  'document.downloaded',
  'document.deleted',
  'document.refused',
  'document.released',
  'document.recalled',
  'webhook.received',
  'webhook.processed',
  'webhook.rejected',
  'webhook.replayed',
  'drift.found',
  'drift.fixed',
  'record.changed',
  'records.exported',
  'records.imported',
  'access.denied',
] as const;
export type AuditAction = (typeof auditActions)[number];
export const auditOutcomes = ['success', 'failure', 'denied', 'pending'] as const;

export interface AuditEntry {
  action: AuditAction;
  resourceType:
    | 'booking'
    | 'booking_attempt'
    | 'session'
    | 'user'
    | 'account_link'
    | 'specialist'
    | 'organization'
    | 'document'
    | 'webhook_event'
    | 'email'
    | 'drift_report'
    | 'drift_item'
    | 'bulk_action'
    | 'console_view'
    | 'intake_mapping'
    | 'paperwork_rule'
    | 'acuity_connection'
    | 'import'
    | 'restore'
    | 'job'
    | 'wait_entry'
    | 'wait_offer'
    | 'page';
  resourceId: string | null;
  outcome?: (typeof auditOutcomes)[number];
  /** Ids, names of columns, reasons. Never health information, never an e-mail address in clear. */
  metadata?: Record<string, unknown>;
}

/** Who did it. `actorId` is the person at the keyboard; `actingAsId` the referrer in whose name, if any. */
export interface AuditActor {
  actorId: string | null;
  actingAsId: string | null;
  request: RequestFacts | null;
}

/** A job, a webhook, a settlement: nobody at a keyboard. */
export const systemActor: AuditActor = { actorId: null, actingAsId: null, request: null };

/** Whoever sent the request: nobody is signed in. */
export function anonymousActor(request: RequestFacts): AuditActor {
  return { ...systemActor, request };
}
