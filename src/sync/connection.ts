// Connects Acuity: one function for the command, the console's button and the job. Also reads the stored state of the
// connection, without asking Acuity, for /readyz and the console's first page.
import { auditActor, mayAdminister, type Actor } from '../accounts/index.ts';
import { systemActor, type AuditLog } from '../audit/index.ts';
import type { Database } from '../db/knex.ts';
import { failure, ok, type Result } from '../lib/result.ts';
import type { Acuity, AcuityAccount, AcuityCalendar } from '../ports/acuity.ts';
import type { Clock } from '../ports/clock.ts';
import type { Mapping, MappingView } from '../questions/index.ts';
import { freeCalendars, readOffer } from '../specialists/index.ts';
import {
  ensureSubscriptions,
  type ConnectionTrouble,
  type Ensured,
  type SubscriptionDeps,
  type Trouble,
} from './subscriptions.ts';

export interface ConnectDeps {
  db: Database;
  audit: AuditLog;
  clock: Clock;
  acuity: Pick<Acuity, 'account' | 'calendars' | 'appointmentTypes'>;
  mapping: Pick<Mapping, 'last' | 'readAgain'>;
  subscribing: SubscriptionDeps;
}

/** What was found and made. A part that could not be read is null; the next check may read it. */
export interface Connection extends Pick<Ensured, 'states' | 'others'> {
  account: AcuityAccount | null;
  /** What answers at the address that Acuity sends to, seen from this machine. */
  reach: Reach;
  /** How many calendars there are, and those without a specialist. */
  calendars: { count: number; free: AcuityCalendar[] } | null;
  typeCount: number | null;
  questions: { formCount: number; questionCount: number; unmapped: string[]; isSaved: boolean } | null;
}

export type ConnectFailure = { reason: ConnectionTrouble | 'under_way' | 'forbidden' };

/** @param actor the admin who asked; null: whoever can run commands */
export async function connectAcuity(
  deps: ConnectDeps,
  actor: Actor | null,
): Promise<Result<Connection, ConnectFailure>> {
  if (actor && !mayAdminister(actor.viewer)) return failure({ reason: 'forbidden' });
  const ensured = await ensureSubscriptions(deps.subscribing, { silent: false });
  await deps.db.transaction((trx) =>
    deps.audit.record(trx, actor ? auditActor(actor) : systemActor, {
      action: 'record.changed',
      resourceType: 'acuity_connection',
      resourceId: null,
      outcome: ensured.ok ? 'success' : 'failure',
      metadata: ensured.ok
        ? { asked: 'connect', made: ensured.value.states.filter(({ trouble }) => trouble !== null).length }
        : { asked: 'connect', reason: ensured.reason },
    }),
  );
  if (!ensured.ok) return ensured;
  const [account, offer, questions, reach] = await Promise.all([
    deps.acuity.account(),
    readOffer(deps),
    deps.mapping.readAgain(),
    findPublicAddress(deps.subscribing.target),
  ]);
  const { states, others } = ensured.value;
  return ok({
    states,
    others,
    reach,
    account: account.ok ? account.value : null,
    calendars: offer.ok
      ? { count: offer.value.calendars.length, free: await freeCalendars(deps.db, offer.value) }
      : null,
    typeCount: offer.ok ? offer.value.types.length : null,
    questions: questions.isStale ? null : questionsOf(questions),
  });
}

function questionsOf({ forms, details, saved }: MappingView): Connection['questions'] {
  return (
    forms && {
      formCount: forms.length,
      questionCount: forms.flatMap(({ fields }) => fields).length,
      unmapped: details.filter(({ fieldId }) => fieldId === null).map(({ label }) => label),
      isSaved: saved !== null,
    }
  );
}

/** What is missing before anybody can book, as far as it is stored; Acuity is not asked. */
export interface SetUpState {
  hasSpecialist: boolean;
  /** Or one is invited. */
  hasReferrer: boolean;
  /** Null: a question is mapped, or an admin has saved the page. */
  mapping: { questions: Connection['questions'] } | null;
}

export async function readSetUp({ db, mapping }: Pick<ConnectDeps, 'db' | 'mapping'>): Promise<SetUpState> {
  const view = await mapping.last();
  const isMapped = view.saved !== null || view.details.some(({ fieldId }) => fieldId !== null);
  return {
    hasSpecialist: (await db('specialists').first('id')) !== undefined,
    hasReferrer: await hasReferrer(db),
    mapping: isMapped ? null : { questions: questionsOf(view) },
  };
}

async function hasReferrer(db: Database): Promise<boolean> {
  if (await db('member_counts').where('active', '>', 0).first('organization_id')) return true;
  const invitations = db('account_links')
    .where({ kind: 'invitation', role: 'referrer' })
    .whereNull('revoked_at');
  return (await invitations.first('id')) !== undefined;
}

/** `quiet`: bookings were made for which Acuity should have sent events, and none arrived. */
export type ConnectionAttention = 'never_connected' | 'broken' | 'quiet';

export interface ConnectionState {
  attention: ConnectionAttention | null;
  /** Why the last check could not repair the webhooks. */
  trouble: ConnectionTrouble | null;
  checkedAt: Date | null;
  lastEventAt: Date | null;
  webhooks: {
    event: string;
    target: string;
    repaired: Trouble | null;
    madeAt: Date;
    checkedAt: Date | null;
  }[];
}

/** A booking made here causes an event within seconds; when none has arrived after this time, none will. */
const quietAfterMs = 3_600_000;
/** An event may be stored before the booking that it is about. */
const earlierMs = 5 * 60_000;

export async function readConnection({
  db,
  clock,
  target,
}: {
  db: Database;
  clock: Clock;
  target: string;
}): Promise<ConnectionState> {
  const check = await db('acuity_connection').first('checked_at', 'trouble');
  // Rows with another address come from a copy of another installation's database, or from an earlier BASE_URL.
  const rows = await db('webhook_subscriptions').where({ target }).orderBy('event').select('*');
  const last = await db('webhook_events')
    .whereNot({ state: 'refused' })
    .orderBy('received_at', 'desc')
    .first('received_at');
  const lastEventAt = last?.received_at ?? null;
  const [oldest] = rows.map(({ created_at }) => created_at).toSorted((a, b) => a.getTime() - b.getTime());
  return {
    attention: await attention(),
    trouble: check?.trouble ?? null,
    checkedAt: check?.checked_at ?? null,
    lastEventAt,
    webhooks: rows.map((row) => ({
      event: row.event,
      target: row.target,
      repaired: row.trouble,
      madeAt: row.created_at,
      checkedAt: row.checked_at,
    })),
  };

  async function attention(): Promise<ConnectionAttention | null> {
    if (oldest === undefined) return 'never_connected';
    // While Acuity does not answer, nothing is known to be broken; /readyz reports that under `acuity`.
    if (check?.trouble && check.trouble !== 'unavailable') return 'broken';
    const since = Math.max(oldest.getTime(), (lastEventAt?.getTime() ?? 0) + earlierMs);
    const until = clock.now().getTime() - quietAfterMs;
    if (since > until) return null;
    const withoutEvent = await db('bookings')
      .where({ source: 'portal' })
      .where('created_at', '>', new Date(since))
      .where('created_at', '<', new Date(until))
      // A booking that a reconciliation made again after a restore: Acuity sent its event before the restore.
      .whereNotExists(
        db('booking_progress as p')
          .whereRaw('p.booking_id = bookings.id')
          .where({ 'p.progress': 'scheduled', 'p.source': 'reconciliation' })
          .select('p.id'),
      )
      .first('id');
    return withoutEvent === undefined ? null : 'quiet';
  }
}

/** `ours`: Examdesk answers. `other`: something else does. `nothing`: no answer, seen from this machine. */
export type Reach = 'ours' | 'other' | 'nothing';

const timeoutMs = 5_000;

/**
 * Requests the address that Acuity sends to. A GET is stored nowhere, and Examdesk answers it with problem details. A
 * machine that cannot reach its own public address reports `nothing` although Acuity may reach it.
 */
export async function findPublicAddress(target: string): Promise<Reach> {
  try {
    const answer = await fetch(target, {
      headers: { accept: 'application/json' },
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    await answer.body?.cancel();
    const isOurs = answer.headers.get('content-type')?.startsWith('application/problem+json') ?? false;
    return isOurs ? 'ours' : 'other';
  } catch {
    return 'nothing';
  }
}
