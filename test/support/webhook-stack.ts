// The app and a simulated Acuity over real HTTP, each receiving the other's requests; the relay delivers at once.
import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { startSimulator, type Simulator, type WebhookTarget } from '../../src/simulator/index.ts';
import { startTestApp, type TestApp, type TestAppOptions } from './app.ts';
import { dayFromToday, sydneyTime } from './days.ts';

export const apiKey = 'demo-acuity-key';
export const rita = 'rita@harbour-legal.example';

export interface WebhookStack {
  app: TestApp;
  simulator: Simulator;
  /** Calls Acuity's API, as the clinic's staff do. @throws for any answer but 2xx */
  staff<T = { id: number }>(method: string, path: string, body?: object): Promise<T>;
  /** Calls the simulator's control API. */
  control(path: string, body: object): Promise<void>;
  /** Makes an appointment in Acuity, for a referrer or for an unknown person. */
  makeAppointment(change?: object): Promise<{ id: number; datetime: string }>;
  /**
   * Resolves when every event is delivered and finished.
   * @param passTime moves the app's clock on while every event waits for the relay's next attempt
   */
  settled(withinMs?: number, passTime?: (ms: number) => void): Promise<void>;
  booking(appointmentId: number): Promise<BookingRow | undefined>;
  close(): Promise<void>;
}

export interface BookingRow {
  id: string;
  acuity_appointment_id: number;
  specialist_id: string;
  organization_id: string | null;
  created_by_id: string | null;
  starts_at: Date;
  duration_minutes: number;
  status: string;
  current_progress: string;
  source: string;
  type: string;
  meeting_link: string | null;
  examinee_first_name: string;
  examinee_last_name: string;
  details_needed: boolean;
  version: number;
}

export interface StackOptions extends Pick<TestAppOptions, 'env' | 'overrides' | 'ground'> {
  /** Where Acuity sends its events; default: the relay. Null: nowhere, and nothing polls for events. */
  target?: '/automation/acuity' | '/webhooks/acuity' | null;
}

export async function openWebhookStack(options: StackOptions = {}): Promise<WebhookStack> {
  // Filled in once the app's address is known.
  const webhookTargets: WebhookTarget[] = [];
  const simulator = await startSimulator({ port: 0, userId: '11100001', apiKey, webhookTargets });
  const app = await startTestApp({
    env: { ACUITY_BASE_URL: simulator.url, WEBHOOK_DELAY_SECONDS: '0', ...options.env },
    overrides: { ...options.overrides, relay: { pollMs: 50, ...options.overrides?.relay } },
    ...(options.ground && { ground: options.ground }),
  });
  const target = options.target === undefined ? '/automation/acuity' : options.target;
  if (target) {
    webhookTargets.push({ url: app.url + target, style: 'static' });
    app.system.relay.start();
  }

  async function call<T>(method: string, path: string, body?: object): Promise<T> {
    const response = await fetch(simulator.url + path, {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(`11100001:${apiKey}`).toString('base64')}`,
        'content-type': 'application/json',
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  let slot = 0;
  const stack: WebhookStack = {
    app,
    simulator,
    staff: (method, path, body) => call(method, `/api/v1${path}`, body),
    control: (path, body) => call('POST', `/_sim${path}`, body),
    makeAppointment(change = {}) {
      slot += 1;
      return call('POST', '/api/v1/appointments?admin=true&noEmail=true', {
        datetime: nextSlot(slot),
        appointmentTypeID: 8001,
        calendarID: 7001,
        firstName: 'Rita',
        lastName: 'Alvarez',
        email: rita,
        fields: [
          { id: 9102, value: 'Ewan' },
          { id: 9103, value: 'Marsh' },
          { id: 9104, value: '0412 345 678' },
        ],
        ...change,
      });
    },
    async settled(withinMs = 25_000, passTime = () => undefined) {
      const deadline = Date.now() + withinMs;
      for (;;) {
        const answer = await fetch(`${simulator.url}/_sim/deliveries`);
        const { deliveries } = (await answer.json()) as { deliveries: { state: string }[] };
        const states: string[] = await app
          .db('webhook_events')
          .whereIn('state', ['waiting', 'delivering'])
          .pluck('state');
        if (!deliveries.some(({ state }) => state === 'waiting') && states.length === 0) return;
        if (Date.now() > deadline) throw new Error(`Not settled: ${states.length} events wait`);
        if (!states.includes('delivering')) passTime(500);
        await sleep(25);
      }
    },
    booking: (id) => app.db('bookings').where({ acuity_appointment_id: id }).first(),
    async close() {
      await app.system.relay.stop();
      await simulator.close();
      await app.close();
    },
  };
  return stack;
}

/** At ten in the morning in Sydney, from next week on; another day for each call. */
function nextSlot(n: number): string {
  return sydneyTime(dayFromToday(7 + n), 10);
}

export function signed(body: string, key = apiKey): Record<string, string> {
  return {
    'content-type': 'application/x-www-form-urlencoded',
    'x-acuity-signature': createHmac('sha256', key).update(body).digest('base64'),
  };
}

export function eventBody(action: string, id: number, calendarId = 7001): string {
  return `action=${action}&id=${id}&calendarID=${calendarId}&appointmentTypeID=8001`;
}

export async function send(
  url: string,
  body: string,
  headers = signed(body),
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(url, { method: 'POST', headers, body });
  const text = await response.text();
  return { status: response.status, body: text ? (JSON.parse(text) as Record<string, unknown>) : {} };
}
