import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Every event that Acuity, or an automation layer, told us. Ids only: the body holds nothing of a person.
    create table webhook_events (
      id uuid primary key,
      -- The order of arrival.
      seq bigint generated always as identity unique,
      -- How it came: to the relay, which delivers it; or straight to the API.
      channel text not null check (channel in ('relay', 'direct', 'automation')),
      state text not null check (state in ('waiting', 'delivering', 'processed', 'dead', 'refused')),
      received_at timestamptz not null,
      action text,
      appointment_id bigint,
      -- The untouched bytes and the headers that go with them. A refused event keeps neither: anybody can send one.
      body bytea,
      headers jsonb not null default '{}',
      body_digest bytea not null,
      refusal text check (refusal in ('bad_signature', 'unsupported_type', 'malformed', 'too_old')),
      -- Equal events that came while this one still waited.
      coalesced integer not null default 0,
      next_attempt_at timestamptz,
      lease_until timestamptz,
      attempts integer not null default 0,
      last_status integer,
      last_error text,
      outcome text check (outcome in ('created', 'skipped', 'updated', 'cancelled', 'ignored')),
      -- Why nothing could be done, for staff: unknown_calendar, …
      note text,
      booking_id uuid references bookings (id),
      duration_ms integer,
      processed_at timestamptz,
      replayed_at timestamptz,
      check ((state = 'refused') = (refusal is not null)),
      check (state <> 'delivering' or lease_until is not null),
      check (state not in ('waiting', 'delivering') or (body is not null and next_attempt_at is not null))
    );
    create index webhook_events_due_idx on webhook_events (next_attempt_at, seq)
      where state in ('waiting', 'delivering');
    create index webhook_events_turn_idx on webhook_events (appointment_id, seq)
      where state in ('waiting', 'delivering');
    create index webhook_events_equal_idx on webhook_events (body_digest)
      where state = 'waiting' and attempts = 0;
    create index webhook_events_list_idx on webhook_events (received_at desc, id desc);
    create index webhook_events_state_idx on webhook_events (state, received_at desc);
    create index webhook_events_appointment_idx on webhook_events (appointment_id, received_at);

    -- What Acuity's intake answers were when they last became the examinee's details here: only answers that changed
    -- since are taken over, so that what staff corrected here stays.
    alter table bookings add column acuity_answers_digest text;
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
