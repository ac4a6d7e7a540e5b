// Our dynamic webhooks in Acuity. It disables one that failed for five days and tells nobody (acuity.md 7.3), so we
// look ourselves, put it right, and make up for what was missed.
import type { Logger } from 'pino';
import type { Database, Transaction } from '../db/knex.ts';
import { failure, ok, type Result } from '../lib/result.ts';
import type { Acuity, WebhookSubscription } from '../ports/acuity.ts';
import type { Clock } from '../ports/clock.ts';

/** Fires for every change of an appointment, the special events included: one subscription sees all. */
export const wantedEvents = ['appointment.changed'] as const;

export type Trouble = 'missing' | 'disabled' | 'silent';

export interface SubscriptionState {
  event: string;
  target: string;
  acuityId: number | null;
  trouble: Trouble | null;
}

export interface SubscriptionDeps {
  db: Database;
  acuity: Pick<Acuity, 'listWebhooks' | 'createWebhook' | 'deleteWebhook'>;
  clock: Clock;
  log: Logger;
  /** Where Acuity sends events: our relay, by its public address. */
  target: string;
  /** Tells staff, in the transaction that writes the repair down. */
  announce(trx: Transaction, repaired: SubscriptionState[]): Promise<void>;
}

interface Row {
  acuity_id: number;
  event: string;
  target: string;
  checked_at: Date | null;
  trouble: Trouble | null;
}

export type Checked = Result<
  { states: SubscriptionState[]; repaired: SubscriptionState[] },
  { reason: 'acuity_unavailable' }
>;

/** What stands in Acuity of what we want there, without changing anything. */
export async function lookAtSubscriptions(
  deps: SubscriptionDeps,
): Promise<Result<SubscriptionState[], { reason: 'acuity_unavailable' }>> {
  const listed = await deps.acuity.listWebhooks();
  if (!listed.ok) return failure({ reason: 'acuity_unavailable' });
  return ok(wantedEvents.map((event) => stateOf(deps, event, listed.value)));
}

function stateOf(
  { target }: SubscriptionDeps,
  event: string,
  there: WebhookSubscription[],
): SubscriptionState {
  const ours = there.filter((one) => one.event === event && one.target === target);
  const active = ours.find(({ status }) => status === 'active');
  if (active) return { event, target, acuityId: active.id, trouble: null };
  const [dead] = ours;
  return { event, target, acuityId: dead?.id ?? null, trouble: dead ? 'disabled' : 'missing' };
}

/**
 * @param options.onlyOurs leave alone what was never made by us: an account may use webhooks set up by hand
 * @param options.silent changes were found that no event announced: make the subscriptions anew
 */
export async function ensureSubscriptions(
  deps: SubscriptionDeps,
  options: { onlyOurs: boolean; silent: boolean },
): Promise<Checked> {
  const known = (await deps.db('webhook_subscriptions').select('*')) as Row[];
  if (options.onlyOurs && known.length === 0) return ok({ states: [], repaired: [] });
  const looked = await lookAtSubscriptions(deps);
  if (!looked.ok) return looked;
  const states: SubscriptionState[] = [];
  const repaired: SubscriptionState[] = [];
  for (const state of looked.value) {
    const trouble: Trouble | null = state.trouble ?? (options.silent ? 'silent' : null);
    if (!trouble) {
      states.push(state);
      continue;
    }
    const made = await remake(deps, state);
    if (!made) return failure({ reason: 'acuity_unavailable' });
    states.push({ ...state, acuityId: made.id, trouble: null });
    if (known.some(({ event, target }) => event === state.event && target === state.target))
      repaired.push({ ...state, acuityId: made.id, trouble });
  }
  await write(deps, states, repaired);
  return ok({ states, repaired });
}

async function remake(
  { acuity, log }: SubscriptionDeps,
  state: SubscriptionState,
): Promise<WebhookSubscription | null> {
  if (state.acuityId !== null && !(await acuity.deleteWebhook(state.acuityId)).ok) return null;
  const made = await acuity.createWebhook(state.event, state.target);
  if (!made.ok) return null;
  log.warn({ event: state.event, trouble: state.trouble }, 'A webhook subscription was made anew');
  return made.value;
}

async function write(
  deps: SubscriptionDeps,
  states: SubscriptionState[],
  repaired: SubscriptionState[],
): Promise<void> {
  const now = deps.clock.now();
  await deps.db.transaction(async (trx) => {
    await trx('webhook_subscriptions').delete();
    await trx('webhook_subscriptions').insert(
      states.map(({ acuityId, event, target }) => ({
        ...{ acuity_id: acuityId, event, target, checked_at: now },
        trouble: repaired.find((one) => one.event === event)?.trouble ?? null,
      })),
    );
    if (repaired.length > 0) await deps.announce(trx, repaired);
  });
}

/** For /readyz: what was seen at the last look. Null when we made no subscription. */
export async function knownSubscriptions(
  db: Database,
): Promise<{ event: string; trouble: Trouble | null; checkedAt: Date | null }[] | null> {
  const rows = (await db('webhook_subscriptions').orderBy('event').select('*')) as Row[];
  return rows.length === 0
    ? null
    : rows.map(({ event, trouble, checked_at }) => ({ event, trouble, checkedAt: checked_at }));
}
