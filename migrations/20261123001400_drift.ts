import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- One run over a span of days: what Acuity has is held against what we have.
    create table drift_reports (
      id uuid primary key,
      kind text not null check (kind in ('near', 'all', 'manual', 'gap')),
      from_day date not null,
      to_day date not null,
      fixes boolean not null,
      state text not null default 'running' check (state in ('running', 'done', 'failed')),
      -- Days before this one are done: whoever resumes goes on from here.
      next_day date not null,
      lease_until timestamptz,
      appointments integer not null default 0,
      found integer not null default 0,
      fixed integer not null default 0,
      -- Of those found: changes that no event had announced.
      unannounced integer not null default 0,
      last_error text,
      started_at timestamptz not null,
      finished_at timestamptz,
      check (from_day <= to_day),
      check ((state = 'running') = (finished_at is null))
    );
    create unique index drift_reports_one_at_a_time on drift_reports ((true)) where state = 'running';
    create index drift_reports_list_idx on drift_reports (started_at desc, id desc);

    create table drift_items (
      id uuid primary key,
      report_id uuid not null references drift_reports (id) on delete cascade,
      appointment_id bigint not null,
      booking_id uuid references bookings (id),
      difference text not null check (difference in (
        'missing_here', 'missing_there', 'status', 'time', 'duration', 'specialist', 'unknown_calendar', 'type',
        'location', 'link', 'details')),
      state text not null check (state in ('fixed', 'left', 'found')),
      reason text, -- why it was left
      announced boolean not null,
      found_at timestamptz not null,
      unique (report_id, appointment_id, difference)
    );
    create index drift_items_report_idx on drift_items (report_id, found_at);
    create index drift_items_left_idx on drift_items (state, found_at desc) where state = 'left';
    create index drift_items_appointment_idx on drift_items (appointment_id);

    -- The dynamic webhooks that we made in Acuity, so that we notice when one is gone (docs/decisions).
    create table webhook_subscriptions (
      acuity_id bigint primary key,
      event text not null,
      target text not null,
      created_at timestamptz not null default now(),
      checked_at timestamptz,
      trouble text check (trouble in ('missing', 'disabled', 'silent'))
    );

    alter table emails add column drift_report_id uuid references drift_reports (id) on delete cascade;
    alter table emails drop constraint emails_kind_check;
    alter table emails add constraint emails_kind_check check (kind in (
      'booking_confirmation', 'booking_rescheduled', 'booking_cancelled', 'booking_failed',
      'account_invitation', 'password_reset', 'password_changed', 'email_change', 'email_changed',
      'two_factor_changed', 'drift_report', 'webhooks_repaired'));
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
