// The app as a process beside a simulated Acuity, for tests that kill it or disconnect its database.
import type { ChildProcess } from 'node:child_process';
import { createServer } from 'node:http';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Progress } from '../../src/bookings/index.ts';
import { freePort } from '../../src/dev/free-port.ts';
import { openBookingStack, type BookingStack } from './booking-stack.ts';
import { forkChild, kill, messageOf } from './child-pool.ts';
import { eventBody, signed } from './webhook-stack.ts';
import { until } from './until.ts';

export interface WebhookPlan {
  /** The next work that reaches this step stops there; null: none. */
  stopAt: string | null;
}

/** Deliveries that have stopped keep their places. */
export const relayPlaces = { pollMs: 50, concurrency: 20 };

export interface WebhookProcessFixture {
  stack: BookingStack;
  url: string;
  /** Resolves when the process takes events. */
  start(env?: Record<string, string>): Promise<ChildProcess>;
  /**
   * Does the same in the test's own process, at the same address, with a clock that is ahead: the leases of a process
   * that was killed have expired then. @returns what stops it
   */
  takeOver(clockAheadMs: number): Promise<() => Promise<void>>;
  /**
   * Makes a process stop at this step of what `send` begins; resolves when it has.
   * @returns what `send` returns, perhaps only when the process has ended
   */
  stopAt<T>(child: ChildProcess, step: string, send: () => Promise<T>): Promise<{ sent: Promise<T> }>;
  /** One delivery, as by Acuity: the status, or null without an answer. */
  deliver(action: string, appointmentId: number): Promise<number | null>;
  /** Delivers as often as Acuity would, until the answer is 2xx. */
  deliverUntilAccepted(action: string, appointmentId: number): Promise<void>;
  /** Acts as the clinic's staff. */
  makeAppointment(): Promise<number>;
  move(appointmentId: number): Promise<void>;
  /** Waits until every event is finished and every mail sent. */
  quiet(withinMs?: number): Promise<void>;
  close(): Promise<void>;
}

const childFile = path.resolve(import.meta.dirname, 'processes/webhook-child.ts');

export async function openWebhookProcessFixture(): Promise<WebhookProcessFixture> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const stack = await openBookingStack({ PORT: String(port), BASE_URL: url, WEBHOOK_DELAY_SECONDS: '0' });
  const children = new Set<ChildProcess>();

  async function acuity<T>(method: string, way: string, body: object): Promise<T> {
    const answer = await fetch(`${stack.simulator.url}/api/v1${way}`, {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(`${stack.env.ACUITY_USER_ID}:${stack.env.ACUITY_API_KEY}`).toString('base64')}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${method} ${way}: ${answer.status}`);
    return (await answer.json()) as T;
  }

  const fixture: WebhookProcessFixture = {
    stack,
    url,
    async start(env = {}) {
      const child = forkChild(childFile, { ...stack.env, ...env });
      children.add(child);
      child.send({ stopAt: null } satisfies WebhookPlan);
      await messageOf(child);
      return child;
    },
    async takeOver(clockAheadMs) {
      const system = stack.compose({
        clock: { now: () => new Date(Date.now() + clockAheadMs) },
        relay: relayPlaces,
      });
      const server = createServer(system.app);
      await new Promise<void>((resolve) => {
        server.listen(port, '127.0.0.1', resolve);
      });
      await system.worker.start();
      return async () => {
        server.closeAllConnections();
        server.close();
        await system.worker.stop();
        await system.close();
      };
    },
    async stopAt(child, step, send) {
      child.send({ stopAt: step } satisfies WebhookPlan);
      await messageOf(child);
      const stopped = messageOf(child);
      const sent = send();
      const message = await stopped;
      if (!isDeepStrictEqual(message, { stoppedAt: step }))
        throw new Error(`It stopped at ${JSON.stringify(message)}, not at ${step}`);
      return { sent };
    },
    async deliver(action, appointmentId) {
      const body = eventBody(action, appointmentId);
      const answer = await fetch(`${url}/automation/acuity`, {
        method: 'POST',
        headers: signed(body),
        body,
        signal: AbortSignal.timeout(20_000),
      }).catch(() => null);
      await answer?.body?.cancel();
      return answer?.status ?? null;
    },
    deliverUntilAccepted: (action, appointmentId) =>
      until(async () => (await fixture.deliver(action, appointmentId)) === 202, 60_000),
    async makeAppointment() {
      const { id } = await acuity<{ id: number }>('POST', '/appointments?admin=true&noEmail=true', {
        datetime: (await stack.freeTime()).toISOString(),
        appointmentTypeID: 8001,
        calendarID: 7001,
        firstName: 'Rita',
        lastName: 'Alvarez',
        email: 'rita@harbour-legal.example',
        fields: [
          { id: 9102, value: 'Ewan' },
          { id: 9103, value: 'Marsh' },
          { id: 9104, value: '0412 345 678' },
        ],
      });
      return id;
    },
    async move(appointmentId) {
      const datetime = (await stack.freeTime()).toISOString();
      await acuity('PUT', `/appointments/${appointmentId}/reschedule?admin=true`, { datetime });
    },
    quiet: (withinMs = 60_000) =>
      until(async () => {
        const waiting: unknown[] = await stack
          .db('webhook_events')
          .whereIn('state', ['waiting', 'delivering'])
          .select('id');
        const queued: unknown[] = await stack.db('emails').where({ status: 'queued' }).select('id');
        return waiting.length + queued.length === 0;
      }, withinMs),
    async close() {
      await Promise.all([...children].map(kill));
      await stack.close();
    },
  };
  return fixture;
}

/** What the two systems, the outbox and the mailbox disagree about for this appointment; empty when consistent. */
export async function differencesOf(
  { stack }: WebhookProcessFixture,
  appointmentId: number,
  expected: { confirmations: number; moves: number },
): Promise<string[]> {
  const wrong: string[] = [];
  const there = await stack.acuity.getAppointment(appointmentId);
  const here = (await stack.db('bookings').where({ acuity_appointment_id: appointmentId }).select('*')) as {
    id: string;
    reference: string;
    starts_at: Date;
  }[];
  if (!there.ok) return [`Acuity does not answer: ${there.reason}`];
  const [booking] = here;
  if (!booking || here.length > 1) return [`there are ${here.length} bookings`];
  if (booking.starts_at.getTime() !== there.value.startsAt.getTime()) wrong.push('the times differ');
  const count = async (progress: Progress) =>
    (
      (await stack
        .db('booking_progress')
        .where({ booking_id: booking.id, progress })
        .select('id')) as unknown[]
    ).length;
  if ((await count('scheduled')) !== 1) wrong.push('it was not scheduled once');
  if ((await count('rescheduled')) !== expected.moves)
    wrong.push(`it was moved ${await count('rescheduled')} times`);
  // When a process dies while sending, a mail may be sent twice: both have the same Message-ID.
  const mails = (subject: string) =>
    new Set(
      stack.mailbox
        .mails()
        .filter((mail) => mail.subject.startsWith(`${subject}: ${booking.reference}`))
        .map(({ messageId }) => messageId),
    ).size;
  if (mails('Examination booked') !== expected.confirmations)
    wrong.push(`${mails('Examination booked')} confirmations`);
  if (mails('Examination moved') !== expected.moves)
    wrong.push(`${mails('Examination moved')} notices of a move`);
  return wrong;
}
