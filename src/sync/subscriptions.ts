// Our dynamic webhooks in Acuity. Acuity disables a webhook that failed for five days and notifies nobody (acuity.md
// 7.3), so this checks them regularly and makes those that are missing, including the very first.
import type { Logger } from 'pino';
import type { Database, Transaction } from '../db/knex.ts';
import { isLoopback } from '../lib/addresses.ts';
import { failure, ok, type Result } from '../lib/result.ts';
import type { Acuity, AcuityFailure, WebhookSubscription } from '../ports/acuity.ts';
import type { Clock } from '../ports/clock.ts';

/** Sent for every change of an appointment, special events included, so one subscription is enough. */
export const wantedEvents = ['appointment.changed'] as const;

/** What was wrong with one of our webhooks. */
export type Trouble = 'missing' | 'disabled' | 'silent';

/** Why our webhooks could not be checked or made. */
export type ConnectionTrouble =
  | 'unauthorized'
  | 'no_api_access'
  | 'limit_reached'
  /** Acuity cannot send to our address. */
  | 'address'
  | 'refused'
  | 'unavailable';

export interface SubscriptionState {
  event: string;
  target: string;
  acuityId: number;
  /** What was wrong before this check made it again; null: nothing. */
  trouble: Trouble | null;
}

export interface SubscriptionDeps {
  db: Database;
  acuity: Pick<Acuity, 'listWebhooks' | 'createWebhook' | 'deleteWebhook'>;
  clock: Clock;
  log: Logger;
  /** Where Acuity sends events: the public address of our relay. */
  target: string;
  acuityUrl: string;
  /** Records which webhooks were made, in the same transaction. `repaired`: those that had existed before. */
  announce(
    trx: Transaction,
    made: { all: SubscriptionState[]; repaired: SubscriptionState[] },
  ): Promise<void>;
}

export interface Ensured {
  states: SubscriptionState[];
  /** Those that had been made before and did not work. */
  repaired: SubscriptionState[];
  /**
   * Webhooks of this account with another target: another installation's, or ours under an earlier address. Never
   * changed.
   */
  others: WebhookSubscription[];
}

export type EnsureFailure = { reason: ConnectionTrouble | 'under_way' };

/** Acuity's limit for each account (acuity.md 6.15). */
const webhookLimit = 25;

/**
 * Checks our webhooks in Acuity, makes those that are missing, and replaces disabled ones. Removes only webhooks with
 * our own target. If the process dies in between, the next check finds the remains in Acuity's list.
 * @param options.silent changes were found that no event announced: replace the webhooks
 */
export async function ensureSubscriptions(
  deps: SubscriptionDeps,
  options: { silent: boolean },
): Promise<Result<Ensured, EnsureFailure>> {
  const lease = await claim(deps.db);
  if (lease === null) return failure({ reason: 'under_way' });
  try {
    const done = isReachable(deps)
      ? await repairSubscriptions(deps, options)
      : failure({ reason: 'address' });
    await write(deps, done);
    return done;
  } finally {
    await deps
      .db('acuity_connection')
      .whereRaw('working_until::text = ?', [lease])
      .update({ working_until: null });
  }
}

/** Acuity sends to port 443 only (or 80, unencrypted); the simulator also reaches its own machine. */
function isReachable({ target, acuityUrl }: SubscriptionDeps): boolean {
  const { protocol, port, hostname } = new URL(target);
  if (isLoopback(hostname)) return isLoopback(new URL(acuityUrl).hostname);
  return protocol === 'https:' && port === '';
}

// Longer than all calls of one check can take; after this time the process is dead.
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

async function repairSubscriptions(
  deps: SubscriptionDeps,
  { silent }: { silent: boolean },
): Promise<Result<Ensured, { reason: ConnectionTrouble }>> {
  const known = await deps.db('webhook_subscriptions').select('acuity_id', 'event', 'target');
  const listed = await deps.acuity.listWebhooks();
  if (!listed.ok) return failure({ reason: troubleOf(listed) });
  const states: SubscriptionState[] = [];
  let count = listed.value.length;
  for (const event of wantedEvents) {
    const ours = listed.value.filter((one) => one.event === event && one.target === deps.target);
    const working = silent ? undefined : ours.find(({ status }) => status === 'active');
    // A second one would deliver every event twice: two processes once made one each.
    for (const { id } of ours.filter((one) => one !== working)) {
      const deleted = await deps.acuity.deleteWebhook(id);
      if (!deleted.ok) return failure({ reason: troubleOf(deleted) });
      count -= 1;
    }
    if (working) {
      states.push({ event, target: deps.target, acuityId: working.id, trouble: null });
      continue;
    }
    const trouble = ours.length === 0 ? 'missing' : silent ? 'silent' : 'disabled';
    const made = await deps.acuity.createWebhook(event, deps.target);
    if (!made.ok) return failure({ reason: troubleOf(made, count) });
    count += 1;
    deps.log.warn({ event, trouble }, 'A webhook was made in Acuity');
    states.push({ event, target: deps.target, acuityId: made.value.id, trouble });
  }
  const isKnown = (state: SubscriptionState) =>
    known.some(({ event, target }) => event === state.event && target === state.target);
  return ok({
    states,
    repaired: states.filter((state) => state.trouble !== null && isKnown(state)),
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
    // created_at is kept: it tells how long this webhook could have delivered events.
    await trx('webhook_subscriptions')
      .insert(
        states.map(({ acuityId, event, target, trouble }) => ({
          acuity_id: acuityId,
          event,
          target,
          checked_at: now,
          trouble: repaired.some((one) => one.event === event) ? trouble : null,
        })),
      )
      .onConflict('acuity_id')
      .merge(['event', 'target', 'checked_at', 'trouble']);
    const made = states.filter(({ trouble }) => trouble !== null);
    if (made.length > 0) await deps.announce(trx, { all: made, repaired });
  });
}
