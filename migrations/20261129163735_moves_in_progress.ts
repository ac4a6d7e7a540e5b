import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Of an entry that records a new time: the time before, and the new one.
    alter table booking_progress
      add column moved_from timestamptz,
      add column moved_to timestamptz,
      add constraint booking_progress_moved check ((moved_from is null) = (moved_to is null));
    -- Earlier entries: the audit log has both times, written in the same transaction.
    update booking_progress p
    set moved_from = (a.metadata ->> 'from')::timestamptz, moved_to = (a.metadata ->> 'to')::timestamptz
    from audit_log a
    where p.progress = 'rescheduled' and a.action = 'booking.rescheduled' and a.resource_id = p.booking_id::text
      and a.metadata ->> 'from' is not null and a.metadata ->> 'to' is not null
      and abs(extract(epoch from a.at - p.created_at)) < 2;
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
