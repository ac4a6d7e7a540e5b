// Books, reschedules or cancels as Rita, as a plan says: in a child process, or in the test's own.
import type { Actor } from '../../src/accounts/index.ts';
import type { System } from '../../src/compose.ts';
import type { Database } from '../../src/db/knex.ts';
import type { ChildEnd, ChildPlan } from './booking-stack.ts';
import { aBookingRequest } from './builders/booking-request.ts';

export async function carryOut(
  { attempts, db }: Pick<System['services'], 'attempts' | 'db'>,
  plan: ChildPlan,
): Promise<NonNullable<ChildEnd['answer']>> {
  const rita = await ritaOf(db);
  const startsAt = new Date(plan.startsAt ?? '');
  const bookingId = plan.bookingId ?? '';
  const result =
    plan.does === 'reschedule'
      ? await attempts.reschedule(rita, bookingId, startsAt)
      : plan.does === 'cancel'
        ? await attempts.cancel(rita, bookingId, null)
        : await attempts.book(
            rita,
            aBookingRequest(plan.specialistId ?? '', startsAt),
            plan.idempotencyKey ?? null,
          );
  return result.ok ? { ok: true, bookingId: result.value.id } : { ok: false, reason: result.reason };
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
