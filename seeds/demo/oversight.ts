// What staff see of the story: an episode of acting, the last reconciliation, the audit log.
import { systemIds } from '../../src/adapters/system-ids.ts';
import type { Transaction } from '../../src/db/knex.ts';
import { episode } from './cases.ts';
import type { Story } from './examinations.ts';
import type { PersonKey } from './people.ts';
import { dayMs, minute, type Rows } from './rows.ts';

export async function writeEpisode(
  trx: Transaction,
  { episode: { startedAt, endedAt } }: Story,
  idOf: (key: PersonKey) => string,
  rows: Rows,
): Promise<void> {
  const id = systemIds.uuid();
  const [adminId, userId] = [idOf(episode.admin), idOf(episode.referrer)];
  await trx('impersonations').insert({
    id,
    admin_id: adminId,
    user_id: userId,
    session_id: systemIds.uuid(),
    reason: episode.reason,
    started_at: startedAt,
    ended_at: endedAt,
    end_reason: 'exit',
  });
  const paths = ['/bookings', '/bookings/new', '/specialists'];
  await trx('impersonation_views').insert(
    paths.map((path, index) => ({
      impersonation_id: id,
      at: new Date(startedAt.getTime() + (index * 40 + 20) * 1_000),
      path,
    })),
  );
  const both = { actor: episode.admin, actingAs: episode.referrer, resource: ['user', userId] } as const;
  rows.events.push(
    {
      ...both,
      at: startedAt,
      action: 'impersonation.started',
      metadata: { impersonationId: id, reason: episode.reason },
    },
    {
      ...both,
      at: endedAt,
      action: 'impersonation.ended',
      metadata: {
        impersonationId: id,
        endReason: 'exit',
        seconds: (endedAt.getTime() - startedAt.getTime()) / 1_000,
      },
    },
  );
}

/** As the reconciliation of every quarter of an hour left it. */
export async function writeDifference(
  trx: Transaction,
  { examinations, firstDay }: Story,
  now: Date,
): Promise<void> {
  const at = new Date(now.getTime() - 9 * minute);
  const reportId = systemIds.uuid();
  const daysAway = (days: number) => new Date(Date.parse(firstDay) + days * dayMs).toISOString().slice(0, 10);
  const deleted = examinations.filter(({ row }) => row.deletedInAcuity);
  const near = examinations.filter(
    ({ startsAt }) => Math.abs(startsAt.getTime() - now.getTime() - 14 * dayMs) < 21 * dayMs,
  );
  await trx('drift_reports').insert({
    id: reportId,
    kind: 'near',
    from_day: daysAway(-7),
    to_day: daysAway(35),
    next_day: daysAway(36),
    fixes: true,
    state: 'done',
    appointments: near.length - deleted.length,
    found: deleted.length,
    fixed: 0,
    unannounced: 0,
    started_at: at,
    finished_at: new Date(at.getTime() + 4_000),
  });
  for (const { appointmentId } of deleted) {
    const booking = await trx('bookings').where({ acuity_appointment_id: appointmentId }).first('id');
    await trx('drift_items').insert({
      id: systemIds.uuid(),
      report_id: reportId,
      appointment_id: appointmentId,
      booking_id: booking?.id ?? null,
      difference: 'missing_there',
      state: 'left',
      reason: 'Acuity does not know this appointment any more',
      announced: false,
      found_at: at,
    });
  }
}

/**
 * In the order in which things happened. One more row of this moment for each booking and document says where it came
 * from; without one the triggers would write a row for every table's every row.
 */
export async function writeAudit(
  trx: Transaction,
  { bookings, documents, events }: Rows,
  idOf: (key: PersonKey) => string,
): Promise<void> {
  const past = events
    .toSorted((a, b) => a.at.getTime() - b.at.getTime())
    .map(({ at, actor, actingAs, action, resource: [type, id], metadata }) => ({
      at,
      actor_id: actor && idOf(actor),
      acting_as_id: actingAs ? idOf(actingAs) : null,
      action,
      resource_type: type,
      resource_id: id,
      metadata: JSON.stringify(metadata),
      ip: actor && '203.0.113.20',
    }));
  const loaded = [
    ...bookings.map(({ id }) => ['booking', id]),
    ...documents.map(({ id }) => ['document', id]),
  ];
  await trx.batchInsert('audit_log', past, 100);
  await trx.batchInsert(
    'audit_log',
    loaded.map(([resource_type, resource_id]) => ({
      action: 'record.changed',
      resource_type: resource_type as string,
      resource_id: resource_id as string,
      metadata: JSON.stringify({ operation: 'insert', from: 'demo' }),
    })),
    100,
  );
}
