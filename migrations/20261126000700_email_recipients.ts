import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Whom a message is for, whatever their address becomes before it is sent. Null: a mail about an account, which goes
    -- to whoever has the address; and one from before, to an address that nobody here has any more.
    alter table emails add column recipient_id uuid references users (id) on delete set null;
    update emails e set recipient_id = u.id from users u
    where u.email = lower(e.recipient) and e.kind in ('booking_confirmation', 'booking_rescheduled',
      'booking_cancelled', 'booking_failed', 'drift_report', 'webhooks_repaired');
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
