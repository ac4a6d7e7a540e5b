// Random histories: staff in Acuity and a referrer here book, move and cancel, while events and answers get lost. In
// the end, when everything works again, bookings and appointments must agree exactly.
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { shiftDays } from '../../src/lib/dates.ts';
import type { Agent } from './app.ts';
import { dayFromToday } from './days.ts';
import { openWebhookStack, rita, type WebhookStack } from './webhook-stack.ts';
import { until } from './until.ts';
import { bookingBody } from './builders/booking-request.ts';

export interface Step {
  does: 'book' | 'move' | 'cancel' | 'edit';
  by: 'staff' | 'portal';
  /** Which of the existing appointments. */
  which: number;
  trouble: (typeof troubles)[number];
}

const troubles = [
  'none',
  'none',
  'lost',
  'doubled',
  'reversed',
  'early',
  'late',
  'broken_reads',
  'lost_reply',
] as const;

export const histories: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    does: fc.constantFrom('book', 'book', 'move', 'cancel', 'edit'),
    by: fc.constantFrom('staff', 'portal'),
    which: fc.nat(20),
    trouble: fc.constantFrom(...troubles),
  }),
  { minLength: 3, maxLength: 7 },
);

export interface HistoryFixture {
  stack: WebhookStack;
  runSteps(steps: Step[]): Promise<void>;
  /** Ends all faults, and reconciles what was missed. */
  settle(): Promise<void>;
  /** In words; empty when both sides agree. */
  disagreements(): Promise<string[]>;
  close(): Promise<void>;
}

const shortTimings = {
  settleAfterMs: 200,
  uncalledMs: 300,
  inFlightMs: 900,
  retryMs: 200,
  sweepAfterMs: 0,
  lateChecksMs: [300],
  patienceMs: 500,
};
const well = { enabled: true, delayMs: 0, duplicate: 0, reorder: false, early: false };
const webhookTrouble: Partial<Record<Step['trouble'], object>> = {
  lost: { enabled: false },
  doubled: { duplicate: 2 },
  reversed: { reorder: true },
  early: { early: true },
  late: { delayMs: 400 },
};
const replyTrouble: Partial<Record<Step['trouble'], object[]>> = {
  broken_reads: [
    { method: 'GET', path: '/appointments/', times: 3, effect: { status: 502, body: '<html>' } },
  ],
  lost_reply: [{ method: 'POST', path: '/appointments', times: 1, effect: { drop: 'after' } }],
};

export async function openHistoryFixture(): Promise<HistoryFixture> {
  const stack = await openWebhookStack({
    env: { ACUITY_TIMEOUT_MS: '1500' },
    overrides: {
      bookings: { timings: shortTimings },
      convergence: { readAgainMs: [20] },
      relay: { pollMs: 50 },
    },
  });
  await stack.control('/switches', { limits: false });
  await stack.app.system.worker.start();
  const agent = await stack.app.signIn(rita);
  const hart = (await stack.app.db('specialists').where({ acuity_calendar_id: 7001 }).first('id')) as {
    id: string;
  };

  async function runSteps(steps: Step[]): Promise<void> {
    for (const step of steps) {
      await stack.control('/webhooks', { ...well, ...webhookTrouble[step.trouble] });
      // Acuity's own pages do not lose answers, so the clinic's staff do not.
      const isTheirs = step.by === 'staff' && step.trouble === 'lost_reply';
      await stack.control('/faults', { rules: isTheirs ? [] : (replyTrouble[step.trouble] ?? []) });
      await (step.by === 'staff' ? byStaff(stack, step) : byPortal(stack, agent, hart.id, step));
    }
  }

  async function settle(): Promise<void> {
    await stack.control('/webhooks', well);
    await stack.control('/faults', { rules: [] });
    await stack.settled(60_000);
    await until(
      async () => (await stack.app.db('booking_attempts').where({ state: 'open' }).first('id')) === undefined,
    );
    await reconcile(stack);
  }

  return {
    stack,
    runSteps,
    settle,
    disagreements: () => disagreements(stack),
    async close() {
      await stack.app.system.worker.stop();
      await stack.close();
    },
  };
}

/** Each appointment that the clinic makes is a day later, so that many histories leave the near weeks. */
function lastDay({ simulator, app }: WebhookStack): string {
  const days = simulator.state.appointments.map(({ datetime }) => shiftDays(datetime.slice(0, 10), 1));
  return days.reduce((last, day) => (day > last ? day : last), app.system.services.sync.nearSpan().to);
}

/**
 * Reconciles until a run succeeds: calls to Acuity pause for a while after failures, and a slow call on a busy machine
 * fails a run. In production the next run, 15 minutes later, does what this one could not.
 */
async function reconcile(stack: WebhookStack): Promise<void> {
  const { sync } = stack.app.system.services;
  const deadline = Date.now() + 60_000;
  for (;;) {
    const report = await sync.reconcile({ ...sync.nearSpan(), to: lastDay(stack), fixes: true });
    if (report?.state === 'done') return;
    if (Date.now() > deadline) throw new Error(`Reconciliation: ${report?.lastError ?? 'busy'}`);
    await sleep(250);
  }
}

async function byStaff(stack: WebhookStack, { does, which }: Step): Promise<void> {
  if (does === 'book') return void (await stack.makeAppointment({ calendarID: 7003 }));
  const active = stack.simulator.state.appointments.filter(({ canceled }) => !canceled);
  const one = active[which % Math.max(1, active.length)];
  if (!one) return;
  const path = `/appointments/${one.id}`;
  if (does === 'cancel') await stack.staff('PUT', `${path}/cancel?admin=true`, { noShow: which % 3 === 0 });
  if (does === 'edit')
    await stack.staff('PUT', `${path}?admin=true`, {
      fields: [{ id: 9103, value: `Marlow${which % 2 ? 'e' : ''}` }],
    });
  if (does === 'move') {
    const datetime = new Date(Date.parse(one.datetime) + (1 + (which % 3)) * 3_600_000).toISOString();
    await stack.staff('PUT', `${path}/reschedule?admin=true`, {
      datetime,
      calendarID: which % 2 ? 7005 : one.calendarID,
    });
  }
}

/** Accepts any answer: a conflict, 202 and 503 are answers too. */
async function byPortal(
  stack: WebhookStack,
  agent: Agent,
  specialistId: string,
  { does, which }: Step,
): Promise<void> {
  if (does === 'book' || does === 'edit') {
    const startsAt = await freeTime(agent, specialistId, which);
    if (!startsAt) return;
    await agent.post('/bookings').send(bookingBody(specialistId, startsAt));
    return;
  }
  const bookings = (await stack.app
    .db('bookings as b')
    .join('specialists as s', 's.id', 'b.specialist_id')
    .where('b.status', 'active')
    .orderBy('b.created_at')
    .select('b.id')) as { id: string }[];
  const one = bookings[which % Math.max(1, bookings.length)];
  if (!one) return;
  if (does === 'cancel') return void (await agent.post(`/bookings/${one.id}/cancel`).send({}));
  const startsAt = await freeTime(agent, specialistId, which + 5);
  if (startsAt) await agent.post(`/bookings/${one.id}/reschedule`).send({ startsAt });
}

async function freeTime(agent: Agent, specialistId: string, which: number): Promise<string | undefined> {
  const date = dayFromToday(8 + (which % 15));
  const { body } = await agent.get(`/specialists/${specialistId}/availability?type=in_person&date=${date}`);
  const slots = (body as { slots?: { startsAt: string }[] }).slots ?? [];
  return slots[which % Math.max(1, slots.length)]?.startsAt;
}

async function disagreements(stack: WebhookStack): Promise<string[]> {
  const found: string[] = [];
  const { appointments } = stack.simulator.state;
  const calendars: { id: string; acuity_calendar_id: number }[] = await stack.app
    .db('specialists')
    .select('id', 'acuity_calendar_id');
  const specialists = new Map(calendars.map((one) => [one.id, one.acuity_calendar_id]));
  for (const there of appointments) {
    const here = await stack.booking(there.id);
    if (!here) {
      if (!there.canceled) found.push(`${there.id} has no booking`);
      continue;
    }
    if (here.starts_at.getTime() !== Date.parse(there.datetime)) found.push(`${there.id} is at another time`);
    if (!there.canceled && specialists.get(here.specialist_id) !== there.calendarID)
      found.push(`${there.id} is with another specialist`);
    const isOver = here.status === 'cancelled' || here.current_progress === 'no_show';
    if (isOver !== there.canceled)
      found.push(`${there.id} is ${there.canceled ? '' : 'not '}cancelled in Acuity only`);
  }
  const known = new Set(appointments.map(({ id }) => id));
  for (const id of await stack.app.db('bookings').pluck('acuity_appointment_id'))
    if (!known.has(id)) found.push(`the booking of ${id} has no appointment`);
  // At most one mail of a kind for each occasion of that kind.
  const { rows: twice } = await stack.app.db.raw<{ rows: { kind: string }[] }>(`
    select m.kind from emails m where m.booking_id is not null group by m.booking_id, m.kind
    having count(*) > case m.kind
      when 'booking_confirmation' then 1
      when 'booking_rescheduled' then (select count(*) from booking_progress p
        where p.booking_id = m.booking_id and p.progress = 'rescheduled')
      when 'booking_cancelled' then (select count(*) from booking_progress p
        where p.booking_id = m.booking_id and p.progress = 'cancelled')
      when 'booking_no_show' then (select count(*) from booking_progress p
        where p.booking_id = m.booking_id and p.progress = 'no_show')
      else 100 end`);
  return [...found, ...twice.map(({ kind }) => `two mails: ${kind}`)];
}
