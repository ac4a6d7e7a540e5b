// A process that books, reschedules, cancels or runs jobs, as each plan says, and is ended by SIGKILL at a step.
import type { Actor } from '../../../src/accounts/index.ts';
import { compose } from '../../../src/compose.ts';
import { readConfig } from '../../../src/config.ts';
import type { Database } from '../../../src/db/knex.ts';
import { shortTimings, type ChildPlan } from '../booking-stack.ts';
import { aBookingRequest } from '../builders/booking-request.ts';
import { killedAt, nextPlan } from '../child-pool.ts';
import { onlyAtStart } from '../cron.ts';

let plan: ChildPlan = { does: 'work', killAt: null };
const onStep = killedAt(() => plan.killAt);

const system = compose(readConfig(), {
  jobs: { cron: onlyAtStart },
  bookings: { timings: shortTimings, onStep },
  emails: { firstPauseMs: 100, sweepAfterMs: 0, onStep },
});
const { attempts, db } = system.services;

for (;;) {
  plan = await nextPlan<ChildPlan>();
  if (plan.does === 'work') await system.worker.start();
  else {
    const result = await carryOut(await ritaOf(db));
    process.send?.({
      ok: result.ok,
      ...(result.ok ? { bookingId: result.value.id } : { reason: result.reason }),
    });
  }
}

function carryOut(rita: Actor) {
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
