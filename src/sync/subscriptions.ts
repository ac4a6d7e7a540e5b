// Our dynamic webhooks in Acuity. Acuity disables a webhook that failed for five days and tells nobody (acuity.md 7.3),
// so this looks regularly, and makes what is missing: also when nothing was ever made.
import type { Logger } from 'pino';
import type { Database, Transaction } from '../db/knex.ts';
import { isLoopback } from '../lib/addresses.ts';
import { failure, ok, type Result } from '../lib/result.ts';
import type { Acuity, AcuityFailure, WebhookSubscription } from '../ports/acuity.ts';
import type { Clock } from '../ports/clock.ts';

/** Fires for every change of an appointment, the special events included: one subscription sees all. */
export const wantedEvents = ['appointment.changed'] as const;

/** What was wrong with a webhook of ours. */
export type Trouble = 'missing' | 'disabled' | 'silent';

/** Why our webhooks could not be looked at or made. */
export type ConnectionTrouble =
  | 'unauthorized'
  | 'no_api_access'
  | 'limit_reached'
  /** Acuity could not send to the address. */
  | 'address'
  | 'refused'
  | 'unavailable';

export interface SubscriptionState {
  event: string;
  target: string;
  acuityId: number;
  /** What this look mended; null: it was well. */
  mended: Trouble | null;
}

export interface SubscriptionDeps {
  db: Database;
  acuity: Pick<Acuity, 'listWebhooks' | 'createWebhook' | 'deleteWebhook'>;
  clock: Clock;
  log: Logger;
  /** Where Acuity sends events: our relay, by its public address. */
  target: string;
  acuityUrl: string;
  /** Writes down, in the transaction that stores them, which webhooks were made. `repaired`: they had been there before. */
  announce(
    trx: Transaction,
    made: { all: SubscriptionState[]; repaired: SubscriptionState[] },
  ): Promise<void>;
}

interface Row {
  acuity_id: number;
  event: string;
  target: string;
}

export interface Ensured {
  states: SubscriptionState[];
  /** Those that had been made before, and were not well. */
  repaired: SubscriptionState[];
  /** Webhooks of this account that go elsewhere: by another installation, or by ours under an earlier address. Never touched. */
  others: WebhookSubscription[];
}

export type EnsureFailure = { reason: ConnectionTrouble | 'under_way' };

/** Acuity's own limit for an account (acuity.md 6.15). */
const webhookLimit = 25;

/**
 * Looks at our webhooks in Acuity, makes those that are missing, and makes the disabled ones anew. Only what has our own
 * target is ever removed. What a process that died left half done, the next look finds in Acuity's list.
 * @param options.silent changes were found that no event announced: make the subscriptions anew
 */
export async function ensureSubscriptions(
  deps: SubscriptionDeps,
  options: { silent: boolean },
): Promise<Result<Ensured, EnsureFailure>> {
  const lease = await claim(deps.db);
  if (lease === null) return failure({ reason: 'under_way' });
  try {
    const done = isReachable(deps) ? await bringInOrder(deps, options) : failure({ reason: 'address' });
    await write(deps, done);
    return done;
  } finally {
    await deps
      .db('acuity_connection')
      .whereRaw('working_until::text = ?', [lease])
      .update({ working_until: null });
  }
}

/** Acuity sends to port 443 only (or 80, unencrypted); the simulator reaches what is on its own machine. */
function isReachable({ target, acuityUrl }: SubscriptionDeps): boolean {
  const { protocol, port, hostname } = new URL(target);
  if (isLoopback(hostname)) return isLoopback(new URL(acuityUrl).hostname);
  return protocol === 'https:' && port === '';
}

// Longer than the calls of one look take; after this time its process is gone.
const leaseSeconds = 120;

async function claim(db: Database): Promise<string | null> {
  const { rows } = await db.raw<{ rows: { lease: string }[] }>(
    `update acuity_connection set working_until = clock_timestamp() + :leaseSeconds * interval '1 second'
      where working_until is null or working_until < clock_timestamp()
      returning working_until::text as lease`,
    { leaseSeconds },
  );
  return rows[0]?.lease ?? null;
}

async function bringInOrder(
  deps: SubscriptionDeps,
  { silent }: { silent: boolean },
): Promise<Result<Ensured, { reason: ConnectionTrouble }>> {
  const known = (await deps.db('webhook_subscriptions').select('acuity_id', 'event', 'target')) as Row[];
  const listed = await deps.acuity.listWebhooks();
  if (!listed.ok) return failure({ reason: troubleOf(listed) });
  const states: SubscriptionState[] = [];
  let count = listed.value.length;
  for (const event of wantedEvents) {
    const ours = listed.value.filter((one) => one.event === event && one.target === deps.target);
    const well = silent ? undefined : ours.find(({ status }) => status === 'active');
    // A second one would bring every event twice: two processes once made one each.
    for (const { id } of ours.filter((one) => one !== well)) {
      const deleted = await deps.acuity.deleteWebhook(id);
      if (!deleted.ok) return failure({ reason: troubleOf(deleted) });
      count -= 1;
    }
    if (well) {
      states.push({ event, target: deps.target, acuityId: well.id, mended: null });
      continue;
    }
    const mended = ours.length === 0 ? 'missing' : silent ? 'silent' : 'disabled';
    const made = await deps.acuity.createWebhook(event, deps.target);
    if (!made.ok) return failure({ reason: troubleOf(made, count) });
    count += 1;
    deps.log.warn({ event, trouble: mended }, 'A webhook was made in Acuity');
    states.push({ event, target: deps.target, acuityId: made.value.id, mended });
  }
  const isKnown = (state: SubscriptionState) =>
    known.some(({ event, target }) => event === state.event && target === state.target);
  return ok({
    states,
    repaired: states.filter((state) => state.mended !== null && isKnown(state)),
    others: listed.value.filter(({ target }) => target !== deps.target),
  });
}

/** @param count how many webhooks the account has */
function troubleOf(why: AcuityFailure, count = 0): ConnectionTrouble {
  if (why.reason === 'unauthorized') return 'unauthorized';
  if (why.reason === 'refused') {
    if (why.status === 403) return 'no_api_access';
    return count >= webhookLimit ? 'limit_reached' : 'refused';
  }
  return 'unavailable';
}

async function write(
  deps: SubscriptionDeps,
  done: Result<Ensured, { reason: ConnectionTrouble }>,
): Promise<void> {
  const now = deps.clock.now();
  await deps.db.transaction(async (trx) => {
    await trx('acuity_connection').update({ checked_at: now, trouble: done.ok ? null : done.reason });
    if (!done.ok) return;
    const { states, repaired } = done.value;
    const ids = states.map(({ acuityId }) => acuityId);
    await trx('webhook_subscriptions').whereNotIn('acuity_id', ids).delete();
    // created_at stays: it says how long this webhook has had time to bring something.
    await trx('webhook_subscriptions')
      .insert(
        states.map(({ acuityId, event, target, mended }) => ({
          acuity_id: acuityId,
          event,
          target,
          checked_at: now,
          trouble: repaired.some((one) => one.event === event) ? mended : null,
        })),
      )
      .onConflict('acuity_id')
      .merge(['event', 'target', 'checked_at', 'trouble']);
    const made = states.filter(({ mended }) => mended !== null);
    if (made.length > 0) await deps.announce(trx, { all: made, repaired });
  });
}
