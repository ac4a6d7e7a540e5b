// Webhooks as Acuity sends them: a form body of ids, signed over its exact bytes, the specific event and `changed`
// side by side, and again for a day when the receiver fails (section 7).
import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Delivery, StoredAppointment, Subscription } from './state.ts';
import type { World } from './world.ts';

export interface WebhookTarget {
  url: string;
  /** Static hooks (set up by hand) say `scheduled`, dynamic ones `appointment.scheduled`. */
  style: 'static' | 'dynamic';
}

export interface Misbehaviour {
  enabled: boolean;
  delayMs: number;
  /** Each event so many times more. */
  duplicate: number;
  /** Holds events back and sends the later one first. */
  reorder: boolean;
  /** Before the API's reply to the call that caused it. */
  early: boolean;
}

export const behaved = (): Misbehaviour => ({
  enabled: true,
  delayMs: 0,
  duplicate: 0,
  reorder: false,
  early: false,
});

export interface Webhooks {
  deliveries: Delivery[];
  misbehaviour: Misbehaviour;
  announce(one: StoredAppointment, specific: 'scheduled' | 'rescheduled' | 'canceled' | null): void;
  /** Sends what is due by the simulator's clock. */
  tick(): void;
  /** With `early`: resolves when everything announced so far was attempted. */
  settled(): Promise<void>;
  reset(): void;
  stop(): void;
}

const minute = 60_000;
const giveUpAfterMs = 24 * 60 * minute;
const disableAfterMs = 5 * 24 * 60 * minute;
const patienceMs = 10_000;

/** base64(HMAC-SHA256(raw body, API key)) */
export function sign(body: string, apiKey: string): string {
  return createHmac('sha256', apiKey).update(body).digest('base64');
}

interface Waiting {
  delivery: Delivery;
  subscription: Subscription | null;
  firstAt: number;
  dueAt: number;
  isSending: boolean;
}

export function createWebhooks(
  world: Omit<World, 'announce'>,
  apiKey: string,
  targets: WebhookTarget[],
): Webhooks {
  let waiting: Waiting[] = [];
  const underWay = new Set<Promise<unknown>>();
  let heldBack: Delivery | null = null;
  let isStopped = false;

  const webhooks: Webhooks = {
    deliveries: [],
    misbehaviour: behaved(),
    announce(one, specific) {
      if (!webhooks.misbehaviour.enabled) return;
      const names = specific ? [specific, 'changed'] : ['changed'];
      for (const name of names) {
        for (const { url, style } of targets)
          schedule(url, style === 'static' ? name : `appointment.${name}`, one, null);
        for (const subscription of world.store.state.subscriptions) {
          if (subscription.status === 'active' && subscription.event === `appointment.${name}`) {
            schedule(subscription.target, subscription.event, one, subscription);
          }
        }
      }
      webhooks.tick();
    },
    tick() {
      const now = world.now().getTime();
      for (const one of waiting.filter(({ dueAt, isSending }) => !isSending && dueAt <= now)) {
        one.isSending = true;
        const sending = attempt(one).finally(() => underWay.delete(sending));
        underWay.add(sending);
      }
    },
    async settled() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
    reset() {
      waiting = [];
      heldBack = null;
      webhooks.deliveries = [];
      webhooks.misbehaviour = behaved();
    },
    stop() {
      isStopped = true;
      clearInterval(timer);
      waiting = [];
    },
  };

  function schedule(
    target: string,
    action: string,
    one: StoredAppointment,
    subscription: Subscription | null,
  ): void {
    const body = `action=${action}&id=${one.id}&calendarID=${one.calendarID}&appointmentTypeID=${one.appointmentTypeID}`;
    for (let copy = 0; copy <= webhooks.misbehaviour.duplicate; copy += 1) {
      const delivery: Delivery = {
        id: webhooks.deliveries.length + 1,
        target,
        body,
        signature: sign(body, apiKey),
        action,
        appointmentID: one.id,
        attempts: [],
        state: 'waiting',
      };
      webhooks.deliveries.push(delivery);
      enqueue(delivery, subscription);
    }
  }

  function enqueue(delivery: Delivery, subscription: Subscription | null): void {
    const { delayMs, reorder } = webhooks.misbehaviour;
    const now = world.now().getTime();
    const waitingOne = { delivery, subscription, firstAt: now, dueAt: now + delayMs, isSending: false };
    if (!reorder) {
      waiting.push(waitingOne);
      return;
    }
    // Of each two, the second goes first; a last one alone goes after a moment.
    if (heldBack) {
      heldBack = null;
      waiting.unshift(waitingOne);
    } else {
      heldBack = delivery;
      waiting.push({ ...waitingOne, dueAt: now + delayMs + 300 });
    }
  }

  async function attempt(one: Waiting): Promise<void> {
    const { delivery } = one;
    const status = await post(delivery);
    if (isStopped) return;
    delivery.attempts.push({ at: world.now().toISOString(), status });
    one.isSending = false;
    const isFailure = status === 'failed' || status >= 500;
    note(one.subscription, isFailure);
    if (!isFailure) {
      delivery.state = status < 400 ? 'delivered' : 'refused';
    } else {
      // 1, 2, 4 … minutes after the attempt before.
      one.dueAt = world.now().getTime() + minute * 2 ** (delivery.attempts.length - 1);
      if (one.dueAt - one.firstAt <= giveUpAfterMs) return;
      delivery.state = 'given_up';
    }
    waiting = waiting.filter((other) => other !== one);
  }

  function note(subscription: Subscription | null, isFailure: boolean): void {
    if (!subscription) return;
    const now = world.now();
    if (!isFailure) subscription.failingSince = null;
    else subscription.failingSince ??= now.toISOString();
    // Silently: nobody is told (section 7.3).
    if (subscription.failingSince && now.getTime() - Date.parse(subscription.failingSince) > disableAfterMs) {
      subscription.status = 'disabled';
    }
    world.store.save();
  }

  // What waits for its time: retries and delays. Often enough that a delay of a second looks like one.
  const timer = setInterval(() => webhooks.tick(), 50);
  timer.unref();
  return webhooks;
}

async function post({ target, body, signature }: Delivery): Promise<number | 'failed'> {
  try {
    // Concurrent deliveries, as seen in the wild: the pair is not sent one after the other.
    await sleep(0);
    const answer = await fetch(target, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-acuity-signature': signature },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(patienceMs),
    });
    await answer.body?.cancel();
    return answer.status;
  } catch {
    return 'failed';
  }
}
