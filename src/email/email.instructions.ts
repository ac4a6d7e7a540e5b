// Sends an examinee the instructions for the examination, when somebody asks for it on the booking's page.
import { auditActor, type Actor } from '../accounts/index.ts';
import type { AuditLog } from '../audit/index.ts';
import { lockBooking, maySee } from '../bookings/index.ts';
import type { Database, Queryable } from '../db/knex.ts';
import type { Ids } from '../ports/ids.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import { addressToTell, examineeRecipient, examineesCall } from './email.examinee.ts';
import { sendEmailJob } from './email.jobs.ts';

/** Two requests within this time are one: a double click, or two colleagues at once. */
const againAfterMinutes = 10;

export interface ExamineeInstructions {
  /** Whom examinees of its organisation call, and when the instructions were last sent. */
  facts(bookingId: string): Promise<{ phone: string | null; sentAt: Date | null }>;
  /**
   * `no_address`: there is none, or the examination is cancelled or over. `sent_already`: in the last ten minutes.
   * @param bookingId of a booking that the actor may see
   */
  send(actor: Actor, bookingId: string): Promise<'queued' | 'sent_already' | 'no_address' | 'not_found'>;
}

export function createExamineeInstructions(deps: {
  db: Database;
  jobs: JobQueue;
  ids: Ids;
  audit: AuditLog;
}): ExamineeInstructions {
  const { db, jobs, ids, audit } = deps;
  return {
    async facts(bookingId) {
      return {
        phone: await examineesCall(db, bookingId),
        sentAt: (await lastSent(db, bookingId))?.created_at ?? null,
      };
    },

    send: (actor, bookingId) =>
      db.transaction(async (trx) => {
        const booking = await lockBooking(trx, bookingId);
        if (!booking || !maySee(actor.viewer, booking)) return 'not_found';
        if (!addressToTell(booking)) return 'no_address';
        if ((await lastSent(trx, bookingId))?.is_recent) return 'sent_already';
        const id = ids.uuid();
        await trx('emails').insert({
          id,
          kind: 'examinee_instructions',
          dedupe_key: `examinee_instructions:${id}`,
          recipient: examineeRecipient,
          booking_id: bookingId,
        });
        await jobs.add(sendEmailJob, { emailId: id }, { trx, key: `email:${id}` });
        await audit.record(trx, auditActor(actor), {
          action: 'instructions.sent',
          resourceType: 'booking',
          resourceId: bookingId,
          metadata: { emailId: id },
        });
        return 'queued';
      }),
  };
}

async function lastSent(
  db: Queryable,
  bookingId: string,
): Promise<{ created_at: Date; is_recent: boolean } | undefined> {
  return db('emails')
    .where({ booking_id: bookingId, kind: 'examinee_instructions' })
    .whereIn('status', ['queued', 'sent'])
    .orderBy('created_at', 'desc')
    .first(
      'created_at',
      db.raw(`created_at > clock_timestamp() - ? * interval '1 minute' as is_recent`, [againAfterMinutes]),
    );
}
