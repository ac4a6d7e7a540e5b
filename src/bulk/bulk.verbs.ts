// The actions that can be done in bulk, as the rooms do them for one record.
import type { AuditLog } from '../audit/index.ts';
import type { BookingService, EditFailure } from '../bookings/index.ts';
import type { Database } from '../db/knex.ts';
import { resendEmail, type Resent } from '../email/index.ts';
import type { Clock } from '../ports/clock.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import { closeDifference, type Closed } from '../sync/index.ts';
import type { Replayed, WebhookService } from '../webhooks/index.ts';
import type { BulkVerbs, Outcome } from './bulk.ts';

export interface VerbDeps {
  db: Database;
  audit: AuditLog;
  jobs: JobQueue;
  clock: Clock;
  bookings: Pick<BookingService, 'assign' | 'assignOrganization'>;
  webhooks: Pick<WebhookService, 'replay'>;
}

/** Why a record is skipped whose action is not offered, before and when its turn comes. */
export const notOffered = {
  queued: 'It is queued already',
  refused: 'It was refused when it arrived, so its content was not kept',
  settled: 'It is settled already',
};
const gone = 'It no longer exists';
const changed = 'It has changed since it was listed';
const notAllowed = 'Your role does not allow it';

const assignSkips: Record<Exclude<EditFailure['reason'], 'invalid'>, string> = {
  not_found: gone,
  forbidden: notAllowed,
  stale: changed,
};

const resendSkips: Record<Exclude<Resent, 'queued'>, string> = {
  not_found: gone,
  waits_already: notOffered.queued,
  done_meanwhile: changed,
  forbidden: notAllowed,
  not_theirs: 'Its recipient is deactivated, or may no longer see the booking',
  switched_off: 'Its recipient has switched this kind of e-mail off',
  nobody: 'Nobody in Examdesk has its address any more',
};

const replaySkips: Record<Exclude<Replayed, 'replayed'>, string> = {
  not_found: gone,
  refused_event: notOffered.refused,
  done_meanwhile: changed,
};

const closeSkips: Record<Exclude<Closed, 'closed'>, string> = {
  not_found: gone,
  not_open: notOffered.settled,
  forbidden: notAllowed,
};

function assignOutcome(assigned: Awaited<ReturnType<BookingService['assign']>>): Outcome {
  if (assigned.ok) return 'done';
  if (assigned.reason === 'invalid') return { skipped: assigned.errors[0]?.message ?? changed };
  return { skipped: assignSkips[assigned.reason] };
}

export function createBulkVerbs(deps: VerbDeps): BulkVerbs {
  const { bookings, webhooks } = deps;
  return {
    async 'bookings/assign'(actor, id, seen, { referrerId = '' }) {
      return assignOutcome(await bookings.assign(actor, id, Number(seen), referrerId));
    },
    async 'bookings/assign-organization'(actor, id, seen, { organizationId = '' }) {
      return assignOutcome(await bookings.assignOrganization(actor, id, Number(seen), organizationId));
    },
    async 'emails/send-again'(actor, id, seen) {
      const outcome = await resendEmail(deps, actor, id, seen);
      return outcome === 'queued' ? 'done' : { skipped: resendSkips[outcome] };
    },
    async 'webhook-events/replay'(actor, id, seen) {
      const outcome = await webhooks.replay(actor, id, seen);
      return outcome === 'replayed' ? 'done' : { skipped: replaySkips[outcome] };
    },
    async 'drift-items/close'(actor, id) {
      const outcome = await closeDifference(deps, actor, id);
      return outcome === 'closed' ? 'done' : { skipped: closeSkips[outcome] };
    },
  };
}
