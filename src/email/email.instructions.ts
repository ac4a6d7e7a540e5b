// Sends an examinee the instructions for the examination, when somebody asks for it on the booking's page.
import { auditActor, type Actor } from '../accounts/index.ts';
import type { AuditLog } from '../audit/index.ts';
import { lockBooking, maySee } from '../bookings/index.ts';
import type { Database, Queryable } from '../db/knex.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import { addressToTell, examineeRecipient, examineesCall } from './email.examinee.ts';
import { queueSending } from './email.jobs.ts';

/** A second request within this time sends nothing: it is a double click, or a colleague who had the same idea. */
const againAfterMinutes = 10;
/** How often the instructions of one booking may be sent within a day. */
const mostInDay = 5;

type Sent = 'queued' | 'sent_already' | 'sent_often' | 'no_address' | 'not_found' | { retryAfterMs: number };

export interface ExamineeInstructions {
  /** Whom examinees of its organisation call, and when the instructions were last sent. */
  facts(bookingId: string): Promise<{ phone: string | null; sentAt: Date | null }>;
  /**
   * `no_address`: there is none, or the examination is cancelled or over. `sent_already`: in the last ten minutes.
   * `sent_often`: five times since yesterday. `retryAfterMs`: the person sent too many.
   * @param bookingId of a booking that the actor may see
   */
  send(actor: Actor, bookingId: string): Promise<Sent>;
}

export function createExamineeInstructions(deps: {
  db: Database;
  jobs: JobQueue;
  ids: Ids;
  clock: Clock;
  audit: AuditLog;
  /** Counts a sending by this person. Returns the milliseconds to wait after too many, otherwise 0. */
  countSent(personId: string): Promise<number>;
}): ExamineeInstructions {
  const { db, jobs, ids, clock, audit } = deps;
  return {
    async facts(bookingId) {
      return {
        phone: await examineesCall(db, bookingId),
        sentAt: (await lastSent(db, bookingId))?.created_at ?? null,
      };
    },

    async send(actor, bookingId) {
      const { userId, actingAdmin } = actor.viewer;
      const retryAfterMs = await deps.countSent(actingAdmin?.id ?? userId);
      if (retryAfterMs > 0) return { retryAfterMs };
      return db.transaction(async (trx): Promise<Sent> => {
        const booking = await lockBooking(trx, bookingId);
        if (!booking || !maySee(actor.viewer, booking)) return 'not_found';
        if (!addressToTell(booking, clock.now())) return 'no_address';
        const last = await lastSent(trx, bookingId);
        if (last?.is_recent) return 'sent_already';
        if (last && last.in_day >= mostInDay) return 'sent_often';
        const id = ids.uuid();
        await trx('emails').insert({
          id,
          kind: 'examinee_instructions',
          dedupe_key: `examinee_instructions:${id}`,
          recipient: examineeRecipient,
          booking_id: bookingId,
        });
        await queueSending(jobs, trx, id);
        await audit.record(trx, auditActor(actor), {
          action: 'instructions.sent',
          resourceType: 'booking',
          resourceId: bookingId,
          metadata: { emailId: id },
        });
        return 'queued';
      });
    },
  };
}

async function lastSent(
  db: Queryable,
  bookingId: string,
): Promise<{ created_at: Date; is_recent: boolean; in_day: number } | undefined> {
  return db('emails')
    .where({ booking_id: bookingId, kind: 'examinee_instructions' })
    .whereIn('status', ['queued', 'sent'])
    .orderBy('created_at', 'desc')
    .first(
      'created_at',
      db.raw(`created_at > clock_timestamp() - ? * interval '1 minute' as is_recent`, [againAfterMinutes]),
      db.raw(
        `(count(*) filter (where created_at > clock_timestamp() - interval '1 day') over ())::int as in_day`,
      ),
    );
}
