// A process that books, reschedules, cancels, runs jobs, or one run of a job, as each plan says, and stops at the steps of the plan.
import type { Actor } from '../../../src/accounts/index.ts';
import { compose } from '../../../src/compose.ts';
import { readConfig } from '../../../src/config.ts';
import type { Database } from '../../../src/db/knex.ts';
import { shortTimings, type Answered, type ChildPlan } from '../booking-stack.ts';
import { aBookingRequest } from '../builders/booking-request.ts';
import { createStops, onPlan } from '../child-pool.ts';
import { testJobs } from '../cron.ts';

const stops = createStops();
const { onStep } = stops;

const system = compose(readConfig(), {
  jobs: testJobs,
  bookings: { timings: shortTimings, onStep },
  emails: { firstPauseMs: 100, sweepAfterMs: 0, onStep },
  waiting: { onStep },
  nextFree: { onStep },
});
const { attempts, db, waitListOffers, nextFreeFiller } = system.services;

onPlan((given) => {
  const plan = given as ChildPlan;
  stops.plan(plan.killAt);
  if (plan.does === 'work') void system.worker.start();
  else if (plan.does === 'offer') void waitListOffers.offerFreed();
  else if (plan.does === 'fill') void nextFreeFiller.fill();
  else void answer(plan);
});

async function answer(plan: ChildPlan): Promise<void> {
  const result = await carryOut(plan, await ritaOf(db));
  const { ok } = result;
  const answered: Answered = {
    answer: result.ok ? { ok, bookingId: result.value.id } : { ok, reason: result.reason },
  };
  process.send?.(answered);
}

function carryOut(plan: ChildPlan, rita: Actor) {
  const startsAt = new Date(plan.startsAt ?? '');
  if (plan.does === 'reschedule') return attempts.reschedule(rita, plan.bookingId ?? '', startsAt);
  if (plan.does === 'cancel') return attempts.cancel(rita, plan.bookingId ?? '', null);
  return attempts.book(rita, aBookingRequest(plan.specialistId ?? '', startsAt), plan.idempotencyKey ?? null);
}

async function ritaOf(database: Database): Promise<Actor> {
  const row = (await database('users as u')
    .join('members as m', 'm.user_id', 'u.id')
    .join('organizations as o', 'o.id', 'm.organization_id')
    .where('u.email', 'rita@harbour-legal.example')
    .first('u.id', 'u.name', 'u.email', 'o.id as org_id', 'o.name as org_name')) as Record<string, string>;
  return {
    viewer: {
      sessionId: '00000000-0000-7000-8000-000000000000',
      userId: row.id ?? '',
      name: row.name ?? '',
      email: row.email ?? '',
      role: 'referrer',
      organization: { id: row.org_id ?? '', name: row.org_name ?? '' },
      actingAdmin: null,
    },
    request: { requestId: 'child', ip: null, userAgent: null },
  };
}
