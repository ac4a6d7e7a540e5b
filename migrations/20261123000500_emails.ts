import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- The outbox: a message is written in the transaction of what it tells, and sent by a job.
    create table emails (
      id uuid primary key,
      kind text not null check (kind in (
        'booking_confirmation', 'booking_rescheduled', 'booking_cancelled', 'booking_failed')),
      dedupe_key text not null unique, -- e.g. booking_confirmation:<booking id>: one message, however often asked
      recipient text not null,
      booking_id uuid references bookings (id),
      intention_id uuid references booking_intentions (id),
      status text not null default 'queued' check (status in ('queued', 'sent', 'failed')),
      attempts integer not null default 0,
      last_error text,
      message_id text,
      sent_at timestamptz,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      check ((status = 'sent') = (sent_at is not null))
    );
    create index emails_status_idx on emails (status, created_at);
    create index emails_booking_idx on emails (booking_id);
    create trigger emails_updated_at before update on emails for each row execute function set_updated_at();
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
