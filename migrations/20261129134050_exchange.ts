import type { Knex } from 'knex';

// What we exchange with Acuity (forms, events, reconciliation), and what was taken over or restored from elsewhere.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Which question of Acuity's intake forms is which detail of a booking (booking.details.ts).
    create table intake_fields (
      name text primary key,
      acuity_field_id bigint not null unique
    );

    -- Each save of that mapping in the console: what it was, what it became, and the questions as they were then, so that
    -- later ones can be told as new, changed or removed.
    create table intake_mappings (
      version integer primary key check (version > 0),
      -- Detail name → id of Acuity's field; the rows of intake_fields then.
      before jsonb not null check (jsonb_typeof(before) = 'object'),
      after jsonb not null check (jsonb_typeof(after) = 'object'),
      -- [{id, form, name, type, required, isInternal}]
      seen jsonb not null check (jsonb_typeof(seen) = 'array'),
      saved_by_id uuid not null references users (id),
      saved_at timestamptz not null default now()
    );
    -- One audit row about the mapping announces all changes of its transaction.
    create constraint trigger intake_fields_audited after insert or update or delete on intake_fields
      deferrable initially deferred for each row execute function audit_unannounced_change('intake_mapping', 'name', 'any');
    create constraint trigger intake_mappings_audited after insert or update or delete on intake_mappings
      deferrable initially deferred for each row execute function audit_unannounced_change('intake_mapping', 'version', 'any');

    -- The intake forms of the Acuity account as they were last read. One row: it survives a restart, serves every process
    -- and says who is reading at the moment.
    create table acuity_forms (
      only_row boolean primary key default true check (only_row),
      forms jsonb check (jsonb_typeof(forms) = 'array'),
      -- When the read of these forms began.
      read_at timestamptz,
      -- When a read failed that began after read_at; null when the last read succeeded.
      failed_at timestamptz,
      -- A process is reading until then; null or past: nobody is.
      reading_until timestamptz,
      check ((forms is null) = (read_at is null))
    );
    insert into acuity_forms default values;

    -- What the last check of our webhooks in Acuity found, and who is checking at the moment. One row: every process reads
    -- the same state, and two that connect at once make no webhook twice.
    create table acuity_connection (
      only_row boolean primary key default true check (only_row),
      checked_at timestamptz,
      -- Why our webhooks could not be checked or made; null: they are there.
      trouble text check (trouble in (
        'unauthorized', 'no_api_access', 'limit_reached', 'address', 'refused', 'unavailable')),
      -- A process is checking until then; null or past: nobody is.
      working_until timestamptz
    );
    insert into acuity_connection default values;

    -- The dynamic webhooks that we made in Acuity, so that we notice when one is gone.
    create table webhook_subscriptions (
      acuity_id bigint primary key,
      event text not null,
      target text not null,
      created_at timestamptz not null default now(),
      checked_at timestamptz,
      trouble text check (trouble in ('missing', 'disabled', 'silent'))
    );

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
      -- The untouched bytes and their headers. A refused event keeps neither: anybody can send one.
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
    -- The console's first page counts these.
    create index webhook_events_note_idx on webhook_events (received_at)
      where state = 'processed' and note is not null and note <> 'cancelled_before_booked';
    -- Events change by themselves on their way, several times each: that is no change of a record. Audited is what only a
    -- person does: take up a finished one again, give it another content, delete it.
    create constraint trigger webhook_events_changed_audited after update on webhook_events
      deferrable initially deferred for each row
      when (old.state in ('processed', 'dead', 'refused') and new.state is distinct from old.state
            or (new.channel, new.action, new.appointment_id, new.received_at)
               is distinct from (old.channel, old.action, old.appointment_id, old.received_at)
            or (new.body, new.headers, new.body_digest) is distinct from (old.body, old.headers, old.body_digest))
      execute function audit_unannounced_change('webhook_event');
    create constraint trigger webhook_events_deleted_audited after delete on webhook_events
      deferrable initially deferred for each row execute function audit_unannounced_change('webhook_event');

    -- How often somebody acted upon what Acuity says about an appointment. Who finds it counted up since before they
    -- asked Acuity may hold an older answer than the one acted upon, and asks again.
    create table appointment_looks (
      appointment_id bigint primary key,
      looks bigint not null
    );

    -- One reconciliation over a span of days: what Acuity has, compared with what we have.
    create table drift_reports (
      id uuid primary key,
      kind text not null check (kind in ('near', 'all', 'manual', 'gap')),
      from_day date not null,
      to_day date not null,
      fixes boolean not null,
      state text not null default 'running' check (state in ('running', 'done', 'failed')),
      -- Days before this one are done: a process that resumes goes on from here.
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
      -- Nobody gets an e-mail about what it puts right; stored, because another process may finish it.
      tells_nobody boolean not null default false,
      check (from_day <= to_day),
      check ((state = 'running') = (finished_at is null))
    );
    create unique index drift_reports_one_at_a_time on drift_reports ((true)) where state = 'running';
    create index drift_reports_list_idx on drift_reports (started_at desc, id desc);
    create index drift_reports_failed_idx on drift_reports (started_at) where state = 'failed';

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
      -- The appointment's in its own zone, for those without a booking; null when Acuity no longer knew it.
      day date,
      -- Of those left: a later report covered their day, said the same again, or nobody looks at that day any more. Written
      -- when a report ends: to compare each item with each report on a page takes minutes after a year of reports.
      superseded boolean not null default false,
      -- Whether the examination's time was over when the difference was found: then nobody gets an e-mail about it.
      is_over boolean not null default false,
      unique (report_id, appointment_id, difference)
    );
    create index drift_items_report_idx on drift_items (report_id, found_at);
    create index drift_items_list_idx on drift_items (found_at, id);
    create index drift_items_left_idx on drift_items (state, found_at desc) where state = 'left';
    create index drift_items_stands_idx on drift_items (found_at, id) where state = 'left' and not superseded;
    create index drift_items_appointment_idx on drift_items (appointment_id);

    -- One import (npm run import) of people or bookings from another system.
    create table imports (
      id uuid primary key,
      kind text not null check (kind in ('people', 'acuity', 'bookings')),
      -- Digest of what was asked for: the same command goes on with an import that was interrupted.
      request_digest text not null,
      -- Days, rules, the file's name; no content.
      options jsonb not null,
      state text not null default 'running' check (state in ('running', 'interrupted', 'done', 'failed', 'undone')),
      made integer not null default 0,
      changed integer not null default 0,
      matched integer not null default 0,
      left_out integer not null default 0,
      started_at timestamptz not null default clock_timestamp(),
      finished_at timestamptz,
      undone_at timestamptz
    );
    create index imports_started_idx on imports (started_at desc, id desc);

    -- Every record that an import made or changed, written in the same transaction.
    create table import_records (
      id uuid primary key,
      import_id uuid not null references imports (id),
      record_type text not null check (record_type in ('organization', 'user', 'booking')),
      record_id uuid not null,
      effect text not null check (effect in ('made', 'changed')),
      acuity_appointment_id bigint,
      -- What an undo puts back, by column; for bookings also what tells whether somebody has changed it since.
      before jsonb not null default '{}',
      after jsonb not null default '{}',
      created_at timestamptz not null default clock_timestamp(),
      undone_at timestamptz,
      left_reason text -- why the last undo left it
    );
    create index import_records_import_idx on import_records (import_id, created_at);
    create index import_records_record_idx on import_records (record_id);
    create index import_records_appointment_idx on import_records (acuity_appointment_id)
      where acuity_appointment_id is not null;

    -- Each time that this database was put in the place of a newer one (npm run after-restore).
    create table restores (
      id uuid primary key,
      -- The newest that the backup knows: what happened between this and started_at is lost here.
      data_until timestamptz not null,
      started_at timestamptz not null default clock_timestamp(),
      finished_at timestamptz
    );

    -- Signs of life: each process that works jobs, or delivers events, touches its row every few seconds.
    create table workers (
      id uuid primary key,
      kind text not null check (kind in ('jobs', 'relay')),
      started_at timestamptz not null default clock_timestamp(),
      seen_at timestamptz not null default clock_timestamp()
    );
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
