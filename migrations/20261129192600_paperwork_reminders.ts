import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    insert into email_kinds (kind) values ('paperwork_reminder');

    -- Of which missing documents a referrer was reminded: once for each rule, booking and time of the examination.
    create table paperwork_reminders (
      booking_id uuid not null references bookings (id),
      rule_id uuid not null references paperwork_rules (id) on delete cascade,
      starts_at timestamptz not null,
      created_at timestamptz not null default clock_timestamp(),
      primary key (booking_id, rule_id, starts_at)
    );
    create index paperwork_reminders_rule_idx on paperwork_reminders (rule_id);
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
