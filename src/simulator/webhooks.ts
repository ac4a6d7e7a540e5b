// Webhooks as Acuity sends them (section 7): a form body of ids, signed over its exact bytes; each change sends the
// specific event and `changed` at the same time; failed deliveries are retried for a day.
import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Delivery, StoredAppointment, Subscription } from './state.ts';
import type { World } from './world.ts';

export interface WebhookTarget {
  url: string;
  /** Static hooks (set up by hand) send `scheduled`, dynamic ones `appointment.scheduled`. */
  style: 'static' | 'dynamic';
}

export interface Misbehaviour {
  enabled: boolean;
  delayMs: number;
  /** How many extra copies of each event are sent. */
  duplicate: number;
  /** Holds every first event back and sends the next one before it. */
  reorder: boolean;
  /** Sends events before the API's reply to the call that caused them. */
  early: boolean;
}

export const noMisbehaviour = (): Misbehaviour => ({
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
  /** Resolves when every delivery in flight has ended. */
  settled(): Promise<void>;
  reset(): void;
  stop(): void;
}

const minute = 60_000;
const giveUpAfterMs = 24 * 60 * minute;
const disableAfterMs = 5 * 24 * 60 * minute;
const timeoutMs = 10_000;

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
  const inFlight = new Set<Promise<unknown>>();
  let heldBack: Delivery | null = null;
  let isStopped = false;

  const webhooks: Webhooks = {
    deliveries: [],
    misbehaviour: noMisbehaviour(),
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
        const sending = attempt(one).finally(() => inFlight.delete(sending));
        inFlight.add(sending);
      }
    },
    async settled() {
      while (inFlight.size > 0) await Promise.all(inFlight);
    },
    reset() {
      waiting = [];
      heldBack = null;
      webhooks.deliveries = [];
      webhooks.misbehaviour = noMisbehaviour();
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
    const entry = { delivery, subscription, firstAt: now, dueAt: now + delayMs, isSending: false };
    if (!reorder) {
      waiting.push(entry);
      return;
    }
    // Of each two events, the second is sent first; a last one without a pair is sent after 300 ms.
    if (heldBack) {
      heldBack = null;
      waiting.unshift(entry);
    } else {
      heldBack = delivery;
      waiting.push({ ...entry, dueAt: now + delayMs + 300 });
    }
  }

  async function attempt(one: Waiting): Promise<void> {
    const { delivery } = one;
    const status = await post(delivery);
    if (isStopped) return;
    delivery.attempts.push({ at: world.now().toISOString(), status });
    one.isSending = false;
    const isFailure = status === 'failed' || status >= 500;
    recordResult(one.subscription, isFailure);
    if (!isFailure) {
      delivery.state = status < 400 ? 'delivered' : 'refused';
    } else {
      // 1, 2, 4 … minutes after the previous attempt.
      one.dueAt = world.now().getTime() + minute * 2 ** (delivery.attempts.length - 1);
      if (one.dueAt - one.firstAt <= giveUpAfterMs) return;
      delivery.state = 'given_up';
    }
    waiting = waiting.filter((other) => other !== one);
  }

  function recordResult(subscription: Subscription | null, isFailure: boolean): void {
    if (!subscription) return;
    const now = world.now();
    if (!isFailure) subscription.failingSince = null;
    else subscription.failingSince ??= now.toISOString();
    // Acuity tells nobody about it (section 7.3).
    if (subscription.failingSince && now.getTime() - Date.parse(subscription.failingSince) > disableAfterMs) {
      subscription.status = 'disabled';
    }
    world.store.save();
  }

  // Sends retries and delayed events. Often enough to keep a delay of a second accurate.
  const timer = setInterval(() => webhooks.tick(), 50);
  timer.unref();
  return webhooks;
}

async function post({ target, body, signature }: Delivery): Promise<number | 'failed'> {
  try {
    // Deliveries run concurrently: the real service does not wait for one event before it sends the other of the pair.
    await sleep(0);
    const answer = await fetch(target, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-acuity-signature': signature },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    await answer.body?.cancel();
    return answer.status;
  } catch {
    return 'failed';
  }
}
