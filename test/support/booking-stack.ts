// Shared by the processes of a fault test: a database, an Acuity over HTTP and a mail server. Also checks consistency.
import type { ChildProcess } from 'node:child_process';
import path from 'node:path';
import { createAcuityClient } from '../../src/adapters/acuity-http/index.ts';
import { createMemoryCache } from '../../src/adapters/memory-cache.ts';
import type { AttemptTimings } from '../../src/attempts/index.ts';
import { compose, type Overrides, type System } from '../../src/compose.ts';
import { readConfig } from '../../src/config.ts';
import type { Database } from '../../src/db/knex.ts';
import type { Mailbox } from '../../src/dev/mailbox.ts';
import type { Acuity, Appointment } from '../../src/ports/acuity.ts';
import { startSimulator, type Simulator } from '../../src/simulator/index.ts';
import { acuityRate } from './acuity-rate.ts';
import { silent } from './booking-fixture.ts';
import { kill, openChildPool, type ChildPool, type Stopped } from './child-pool.ts';
import { testJobs } from './cron.ts';
import { openSeededDatabase } from './database.ts';
import { dayFromToday } from './days.ts';
import { openMailbox } from './mailbox.ts';
import { testSecret } from './session.ts';
import { until } from './until.ts';

/** The steps at which a process that books can be killed, in order. */
export const bookingSteps = [
  'authorised',
  'attempt_stored',
  'before_acuity',
  'after_acuity',
  'before_complete',
  'in_complete_transaction',
  'completed',
  'invalidated',
  'before_answer',
] as const;

/** The delays of production, shortened. */
export const shortTimings: Partial<AttemptTimings> = {
  settleAfterMs: 200,
  uncalledMs: 200,
  inFlightMs: 1_200,
  retryMs: 300,
  sweepAfterMs: 0,
};

export interface BookingStack {
  db: Database;
  databaseUrl: string;
  simulator: Simulator;
  mailbox: Mailbox;
  acuity: Acuity;
  /** Passed to the processes. */
  env: Record<string, string>;
  /** A free time of calendar 7001 that was not returned before. */
  freeTime(): Promise<Date>;
  specialistId: string;
  /** Processes of test/support/processes/booking-child.ts. */
  children: ChildPool<ChildPlan>;
  compose(overrides?: Overrides): System;
  close(): Promise<void>;
}

export async function openBookingStack(extraEnv: Record<string, string> = {}): Promise<BookingStack> {
  const database = await openSeededDatabase();
  const mailbox = await openMailbox();
  const credentials = { userId: '11100001', apiKey: 'demo-acuity-key' };
  const simulator = await startSimulator({ port: 0, ...credentials });
  const acuity = createAcuityClient({
    baseUrl: simulator.url,
    userId: credentials.userId,
    apiKeys: [credentials.apiKey],
    timeoutMs: 60_000,
    callsPerSecond: acuityRate.perSecond,
    cache: createMemoryCache(),
    log: silent,
  });
  const env = {
    NODE_ENV: 'test',
    LOG_LEVEL: 'fatal',
    DATABASE_URL: database.url,
    DATABASE_POOL_MAX: '6',
    BASE_URL: 'http://127.0.0.1:1',
    BETTER_AUTH_SECRET: testSecret,
    SMTP_URL: mailbox.smtpUrl,
    ACUITY_BASE_URL: simulator.url,
    ACUITY_USER_ID: credentials.userId,
    ACUITY_API_KEY: credentials.apiKey,
    // The simulator always answers, however late on a busy machine.
    ACUITY_TIMEOUT_MS: '60000',
    ...acuityRate.env,
    DEMO_ACCOUNTS: 'true',
    ...extraEnv,
  };
  const { id: specialistId } = (await database
    .db('specialists')
    .where({ acuity_calendar_id: 7001 })
    .first('id')) as { id: string };
  const times = freeTimes(acuity);
  const children = openChildPool<ChildPlan>(childFile, env);
  return {
    db: database.db,
    databaseUrl: database.url,
    simulator,
    mailbox,
    acuity,
    env,
    specialistId,
    children,
    async freeTime() {
      const next = await times.next();
      if (next.done) throw new Error('The simulator has no free time left');
      return next.value;
    },
    compose: (overrides = {}) =>
      compose(readConfig(env), {
        log: silent,
        jobs: testJobs,
        ...overrides,
        bookings: { timings: shortTimings, ...overrides.bookings },
        emails: { firstPauseMs: 100, sweepAfterMs: 0, ...overrides.emails },
      }),
    async close() {
      await children.close();
      await simulator.close();
      await mailbox.close();
      await database.close();
    },
  };
}

/** One time a day: Acuity's padding hides neighbouring times. */
async function* freeTimes(acuity: Acuity): AsyncGenerator<Date> {
  for (let day = 3; day < 190; day += 1) {
    const date = dayFromToday(day);
    const times = await acuity.availableTimes({
      date,
      appointmentTypeId: 8001,
      calendarId: 7001,
      timezone: 'Australia/Sydney',
    });
    if (!times.ok) throw new Error(`The simulator does not answer: ${times.reason}`);
    let last = 0;
    for (const time of times.value) {
      if (time.getTime() - last < 2 * 3_600_000) continue;
      last = time.getTime();
      yield time;
    }
  }
}

export interface ChildPlan {
  does: 'book' | 'reschedule' | 'cancel' | 'work' | 'offer' | 'fill';
  /** Work that reaches one of these steps stops there; once all are reached, SIGKILL ends the process. */
  killAt: readonly string[];
  specialistId?: string;
  bookingId?: string;
  startsAt?: string;
  idempotencyKey?: string;
}

export interface ChildEnd {
  signal: NodeJS.Signals | null;
  /** The planned steps that were reached. */
  stoppedAt: string[];
  /** The action's answer, if there was one. */
  answer: { ok: boolean; reason?: string; bookingId?: string } | null;
}

export interface Answered {
  answer: NonNullable<ChildEnd['answer']>;
}

const childFile = path.resolve(import.meta.dirname, 'processes/booking-child.ts');

/** `end` resolves when the process has answered or ended. A process that answered takes the next plan. */
export function startChild(
  stack: BookingStack,
  plan: ChildPlan,
): { process: ChildProcess; end: Promise<ChildEnd> } {
  const started = stack.children.take({ specialistId: stack.specialistId, ...plan });
  return { process: started, end: endOf(stack, started, plan) };
}

async function endOf(stack: BookingStack, child: ChildProcess, plan: ChildPlan): Promise<ChildEnd> {
  const outcome = await outcomeOf(child, plan);
  if (outcome.answer) stack.children.putBack(child);
  else await kill(child);
  return { ...outcome, signal: child.signalCode };
}

/** Resolves when the process has answered this plan, has reached all its steps, or has ended. */
function outcomeOf(child: ChildProcess, plan: ChildPlan): Promise<Omit<ChildEnd, 'signal'>> {
  const stoppedAt: string[] = [];
  return new Promise((resolve) => {
    const end = (answer: ChildEnd['answer']) => {
      child.off('message', receive).off('exit', exited);
      resolve({ stoppedAt, answer });
    };
    const exited = () => end(null);
    const receive = (message: unknown) => {
      const told = message as Stopped | Answered;
      if ('answer' in told) return end(told.answer);
      stoppedAt.push(told.stoppedAt);
      if (stoppedAt.length === plan.killAt.length) end(null);
    };
    child.on('message', receive).on('exit', exited);
  });
}

export interface ProcessToKill {
  /** Resolves when the process has stopped at the plan's steps, or has answered. Nothing of a plan goes on behind its step. */
  carryOut(plan: ChildPlan): Promise<Omit<ChildEnd, 'signal'>>;
  /** @returns the signal that ended it */
  kill(): Promise<NodeJS.Signals | null>;
}

/** One process for several plans. For what is stored its end is the same as that of a process for each. */
export function startToKill(stack: BookingStack): ProcessToKill {
  let child: ChildProcess | undefined;
  return {
    carryOut(given) {
      const plan = { specialistId: stack.specialistId, ...given };
      if (child) child.send(plan);
      else child = stack.children.take(plan);
      return outcomeOf(child, plan);
    },
    async kill() {
      if (child) await kill(child);
      return child?.signalCode ?? null;
    },
  };
}

/** Carries out all plans in one process, one after the other, each until it stops at its step; then SIGKILL ends it. */
export async function killTogether(stack: BookingStack, plans: ChildPlan[]): Promise<ChildEnd[]> {
  const killed = startToKill(stack);
  const outcomes: Omit<ChildEnd, 'signal'>[] = [];
  for (const plan of plans) outcomes.push(await killed.carryOut(plan));
  const signal = await killed.kill();
  return outcomes.map((outcome) => ({ ...outcome, signal }));
}

export function runChild(stack: BookingStack, plan: ChildPlan): Promise<ChildEnd> {
  return startChild(stack, plan).end;
}

/** Books in a process that is not killed; returns the booking's id. */
export async function bookOne(stack: BookingStack): Promise<string> {
  const startsAt = (await stack.freeTime()).toISOString();
  const { answer } = await runChild(stack, { does: 'book', killAt: [], startsAt });
  if (!answer?.bookingId) throw new Error(`It was not booked: ${answer?.reason}`);
  return answer.bookingId;
}

/** Runs a new worker until every attempt is settled and every mail is sent. */
export async function recover(stack: BookingStack, withinMs = 60_000): Promise<void> {
  const system = stack.compose();
  await system.worker.start();
  try {
    await until(() => isQuiet(stack.db), withinMs);
  } finally {
    await system.worker.stop();
    await system.close();
  }
}

async function isQuiet(db: Database): Promise<boolean> {
  const open: unknown[] = await db('booking_attempts').where({ state: 'open' }).limit(1).select('id');
  const queued: unknown[] = await db('emails').where({ status: 'queued' }).limit(1).select('id');
  return open.length + queued.length === 0;
}

interface BookingFacts {
  id: string;
  reference: string;
  acuity_appointment_id: number;
  starts_at: Date;
  status: string;
}

/** Every disagreement between the two systems, the outbox and the mailbox; empty when all is consistent. */
export async function findDisagreements(stack: BookingStack): Promise<string[]> {
  const { db } = stack;
  const bookings = (await db('bookings').select('*')) as BookingFacts[];
  const references = new Set(await db('booking_attempts').pluck('reference'));
  const appointments = (await allAppointments(stack.acuity)).filter((one) =>
    references.has(one.answers.get(9101) ?? ''),
  );
  const wrong: string[] = [];
  for (const appointment of appointments.filter((one) => !one.canceled)) {
    const booking = bookings.find((one) => one.acuity_appointment_id === appointment.id);
    if (!booking) wrong.push(`appointment ${appointment.id} has no booking`);
    else if (booking.starts_at.getTime() !== appointment.startsAt.getTime())
      wrong.push(`booking ${booking.id} has another time`);
    else if (booking.status === 'cancelled')
      wrong.push(`booking ${booking.id} is cancelled, its appointment is not`);
  }
  for (const booking of bookings) {
    const own = appointments.filter((one) => one.answers.get(9101) === booking.reference && !one.canceled);
    const expected = booking.status === 'cancelled' ? 0 : 1;
    if (own.length !== expected) wrong.push(`booking ${booking.id} has ${own.length} appointments`);
    wrong.push(...(await disagreeingRecords(stack, booking)));
  }
  return wrong;
}

async function disagreeingRecords({ db, mailbox }: BookingStack, booking: BookingFacts): Promise<string[]> {
  const wrong: string[] = [];
  const audit: unknown[] = await db('audit_log').where({
    action: 'booking.created',
    resource_id: booking.id,
    outcome: 'success',
  });
  const first: unknown[] = await db('booking_progress').where({
    booking_id: booking.id,
    progress: 'scheduled',
  });
  if (audit.length !== 1) wrong.push(`booking ${booking.id} has ${audit.length} audit rows`);
  if (first.length !== 1) wrong.push(`booking ${booking.id} has ${first.length} first entries`);
  // When a process dies while sending, a mail may be sent twice: both have the same Message-ID.
  const confirmations = mailbox
    .mails()
    .filter((mail) => mail.subject.startsWith(`Examination booked: ${booking.reference}`));
  const distinct = new Set(confirmations.map((mail) => mail.messageId)).size;
  if (distinct !== 1) wrong.push(`booking ${booking.id} has ${distinct} confirmations`);
  return wrong;
}

async function allAppointments(acuity: Acuity): Promise<Appointment[]> {
  const found = await acuity.findAppointments({ which: 'all', max: 5_000 });
  if (!found.ok) throw new Error(`The simulator does not answer: ${found.reason}`);
  return found.value;
}
