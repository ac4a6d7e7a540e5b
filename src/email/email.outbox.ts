import type { AnnounceAccount } from '../accounts/index.ts';
import type { Announce, Announcement } from '../bookings/index.ts';
import type { Queryable, Transaction } from '../db/knex.ts';
import { prepare, sendTogether, type Query } from '../db/statements.ts';
import type { BookingMailKind } from '../mail-kinds/index.ts';
import type { Ids } from '../ports/ids.ts';
import type { AnnounceOffer } from '../waiting/index.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import {
  audienceFrom,
  audienceOf,
  readAudienceQueries,
  type AudienceAnswers,
  type Recipient,
} from './email.audience.ts';
import { notToldYet } from './email.messages.ts';
import { queueSending, sendEmailJob, sendKey } from './email.jobs.ts';
import type { StaffEmail } from './email.ts';

/** Documents and messages often come one after the other. Those within `gatherMs` share one e-mail. */
const gathered: readonly BookingMailKind[] = ['document_added', 'message_received'];
const defaultGatherMs = 5 * 60_000;

export interface OutboxDeps {
  jobs: JobQueue;
  ids: Ids;
  gatherMs?: number | undefined;
}

/**
 * Writes, in the caller's transaction, one message for each person who is told, and the job that sends it. A message is
 * composed when it is sent. Announcing the same occasion twice makes one message for each recipient.
 */
export function createOutbox({ jobs, ids, gatherMs = defaultGatherMs }: OutboxDeps): Announce {
  async function writeQueries(trx: Transaction, announcement: Announcement): Promise<Query[]> {
    const { occasion, delayMs } =
      gathered.includes(announcement.kind) && !announcement.occasion
        ? await windowOf(trx, announcement, gatherMs)
        : { occasion: occasionOf(announcement), delayMs: 0 };
    return writeQueriesFor(trx, announcement, await toldNow(trx, announcement), { occasion, delayMs });
  }
  function writeQueriesFor(
    db: Queryable,
    announcement: Announcement,
    audience: readonly Recipient[],
    { occasion, delayMs }: { occasion: string; delayMs: number },
  ): Query[] {
    const rows = audience.map((recipient) => rowOf(ids.uuid(), announcement, occasion, recipient));
    const due = rows.filter(({ status }) => status === 'queued');
    return [
      ...rows.map((row) => insertRowQuery(db, row)),
      ...due.map(({ id }) =>
        jobs.addQuery(sendEmailJob, { emailId: id }, { key: sendKey(id), delayMs, ofEmail: id }),
      ),
    ];
  }
  const announce = async (trx: Transaction, announcement: Announcement): Promise<void> => {
    await sendTogether(trx, ...(await writeQueries(trx, announcement)));
  };
  const inTwoSteps: Announce['inTwoSteps'] = (db, kind, recipientIds) => ({
    readQueries: readAudienceQueries(db, kind, recipientIds),
    writeQueries: (within, announcement, answers) =>
      writeQueriesFor(within, announcement, audienceFrom(answers as AudienceAnswers, announcement), {
        occasion: occasionOf(announcement),
        delayMs: 0,
      }),
  });
  return Object.assign(announce, { writeQueries, inTwoSteps });
}

function rowOf(
  id: string,
  { kind, bookingId, attemptId, documentId, previousStartsAt }: Announcement,
  occasion: string,
  { id: recipientId, email, delivery }: Recipient,
) {
  return {
    id,
    kind,
    dedupe_key: `${kind}:${occasion}:${recipientId}`,
    status: delivery === 'daily' ? ('for_digest' as const) : ('queued' as const),
    recipient: email,
    recipient_id: recipientId,
    booking_id: bookingId,
    attempt_id: attemptId ?? null,
    document_id: documentId ?? null,
    previous_starts_at: previousStartsAt ?? null,
  };
}

/** Writes nothing if this person has been told of the occasion before. */
const insertRowQuery = prepare<never, ReturnType<typeof rowOf>>('insert an e-mail', (db, row) =>
  db('emails').insert(row).onConflict('dedupe_key').ignore(),
);

async function toldNow(trx: Transaction, announcement: Announcement): Promise<Recipient[]> {
  const audience = await audienceOf(trx, announcement);
  const { kind, bookingId } = announcement;
  return kind === 'message_received' && bookingId ? notToldYet(trx, bookingId, audience) : audience;
}

function occasionOf({ kind, occasion: given, bookingId, attemptId, documentId }: Announcement): string {
  // Each person gets one confirmation, whether an attempt, an import or an assignment made it.
  const fallback = kind === 'booking_confirmation' ? bookingId : (attemptId ?? documentId ?? bookingId);
  const occasion = given ?? fallback;
  if (!occasion) throw new Error(`An announcement of ${kind} has no occasion`);
  return occasion;
}

/**
 * The window that an announcement falls into, and how long until it closes. The message is sent a moment later, so that
 * a transaction which announces at the very end of the window has committed.
 */
async function windowOf(
  trx: Transaction,
  { bookingId }: Announcement,
  gatherMs: number,
): Promise<{ occasion: string; delayMs: number }> {
  const { rows } = await trx.raw<{ rows: [{ ms: number }] }>(
    'select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms',
  );
  const span = Math.floor(rows[0].ms / gatherMs);
  return {
    occasion: `${bookingId}:${span}`,
    delayMs: Math.ceil((span + 1) * gatherMs - rows[0].ms) + Math.min(30_000, gatherMs),
  };
}

/** For messages about an account. Each request makes a message of its own. */
export function createAccountOutbox({ jobs, ids }: { jobs: JobQueue; ids: Ids }): AnnounceAccount {
  return async (trx, { kind, recipient, linkId }) => {
    const id = ids.uuid();
    await trx('emails').insert({
      id,
      kind,
      recipient,
      dedupe_key: `${kind}:${linkId ?? id}`,
      account_link_id: linkId,
    });
    await queueSending(jobs, trx, id);
  };
}

/** To the person on the wait-list. Each offer makes one message. */
export function createOfferOutbox({ jobs, ids }: Pick<OutboxDeps, 'jobs' | 'ids'>): AnnounceOffer {
  return async (trx, offer) => {
    const person = await trx('users').where({ id: offer.personId }).first('email');
    if (!person) throw new Error(`Offer ${offer.id} is for nobody`);
    const id = ids.uuid();
    await trx('emails').insert({
      id,
      kind: 'earlier_time_offered',
      recipient: person.email,
      recipient_id: offer.personId,
      dedupe_key: `earlier_time_offered:${offer.id}`,
      booking_id: offer.bookingId,
      wait_offer_id: offer.id,
    });
    await queueSending(jobs, trx, id);
  };
}

export interface StaffNews {
  kind: 'drift_report' | 'webhooks_repaired';
  driftReportId: string | null;
}

/** Writes a message to every active admin. */
export function createStaffOutbox(deps: Pick<OutboxDeps, 'jobs' | 'ids'>) {
  return async (trx: Transaction, { kind, driftReportId }: StaffNews): Promise<void> => {
    const admins = await trx('users').where({ role: 'admin', banned: false }).select('id', 'email');
    await writeStaffEmails(trx, deps, admins, { kind, drift_report_id: driftReportId }, driftReportId);
  };
}

export interface StaffReader {
  id: string;
  email: string;
}

/** @param occasion null: each call is an occasion of its own */
export async function writeStaffEmails(
  trx: Transaction,
  { jobs, ids }: Pick<OutboxDeps, 'jobs' | 'ids'>,
  readers: readonly StaffReader[],
  columns: { kind: StaffEmail['kind']; drift_report_id?: string | null; digest_id?: string },
  occasion: string | null,
): Promise<void> {
  for (const { id: recipientId, email: recipient } of readers) {
    const id = ids.uuid();
    await trx('emails').insert({
      ...columns,
      id,
      recipient,
      recipient_id: recipientId,
      dedupe_key: `${columns.kind}:${occasion ?? id}:${recipient}`,
    });
    await queueSending(jobs, trx, id);
  }
}
