import type { Knex } from 'knex';

// Who examines, what is booked, and what we ask of Acuity.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table specialists (
      id uuid primary key,
      user_id uuid unique references users (id) on delete set null,
      name text not null,
      title text,
      specialty text not null,
      location text, -- null: telehealth only
      timezone text not null,
      acuity_calendar_id bigint not null unique,
      is_active boolean not null default true,
      position integer not null default 0,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now()
    );
    create index specialists_list_idx on specialists (is_active, position, name);
    create trigger specialists_updated_at before update on specialists
      for each row execute function set_updated_at();
    create constraint trigger specialists_audited after insert or update or delete on specialists
      deferrable initially deferred for each row execute function audit_unannounced_change('specialist');

    create table specialist_services (
      specialist_id uuid not null references specialists (id) on delete cascade,
      type text not null check (type in ('in_person', 'telehealth')),
      acuity_appointment_type_id bigint not null,
      duration_minutes integer not null check (duration_minutes > 0),
      primary key (specialist_id, type)
    );
    create constraint trigger specialist_services_audited after insert or update or delete on specialist_services
      deferrable initially deferred for each row execute function audit_unannounced_change('specialist', 'specialist_id');

    create table bookings (
      id uuid primary key,
      reference text not null unique check (reference ~ '^EX-[2-9A-HJKMNP-TV-Z]{6}$'),
      acuity_appointment_id bigint not null unique,
      specialist_id uuid not null references specialists (id),
      organization_id uuid references organizations (id),
      -- The REFERRER the booking belongs to, also when an admin made it while acting as that referrer.
      created_by_id uuid references users (id),
      -- The ADMIN who made it while acting as the referrer; null when the referrer made it. The name reads the
      -- other way round at first. Never swap the two.
      created_for_id uuid references users (id),
      examinee_first_name text not null,
      examinee_last_name text not null,
      examinee_phone text not null,
      examinee_email text,
      examinee_date_of_birth date,
      claim_number text,
      starts_at timestamptz not null,
      duration_minutes integer not null check (duration_minutes > 0),
      timezone text not null, -- the examination's own zone (IANA)
      type text not null check (type in ('in_person', 'telehealth')),
      location text,
      meeting_link text,
      status text not null default 'active' check (status in ('active', 'cancelled', 'closed', 'archived')),
      current_progress text not null default 'scheduled' check (current_progress in (
        'scheduled', 'rescheduled', 'cancelled', 'no_show', 'generating_report', 'report_generated',
        'payment_received')),
      source text not null check (source in ('portal', 'acuity_direct')),
      external_created_by text,
      details_needed boolean not null default false,
      notes text not null default '',
      version integer not null default 1,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      search_text text not null generated always as (
        lower(examinee_first_name || ' ' || examinee_last_name || ' ' || reference || ' ' || coalesce(claim_number, ''))
      ) stored,
      -- Of Acuity's intake answers when they last became the examinee's details here: only answers that changed since are
      -- taken over, so that what staff corrected here stays.
      acuity_answers_digest text,
      -- The language in which the examinee needs an interpreter; null: none is needed.
      interpreter_language text check (interpreter_language <> ''),
      -- Only a booking that came from Acuity may wait to be assigned.
      constraint bookings_assigned check (
        source = 'acuity_direct' or (organization_id is not null and created_by_id is not null)),
      constraint bookings_acting check (created_for_id is null or created_by_id is not null),
      constraint bookings_cancelled check (status <> 'cancelled' or current_progress = 'cancelled'),
      constraint bookings_cancelled_progress check (current_progress <> 'cancelled' or status in ('cancelled', 'archived'))
    );
    create index bookings_organization_list_idx on bookings (organization_id, starts_at desc, id desc);
    create index bookings_list_idx on bookings (starts_at desc, id desc);
    create index bookings_specialist_idx on bookings (specialist_id, starts_at);
    create index bookings_created_by_idx on bookings (created_by_id);
    create index bookings_created_at_idx on bookings (created_at);
    create index bookings_upcoming_idx on bookings (starts_at) where status = 'active';
    create index bookings_without_referrer_idx on bookings (starts_at) where created_by_id is null;
    create index bookings_search_idx on bookings using gin (search_text gin_trgm_ops);
    create trigger bookings_updated_at before update on bookings for each row execute function set_updated_at();
    create trigger bookings_acting_pair before insert or update of created_by_id, created_for_id on bookings
      for each row execute function check_acting_pair('created_by_id', 'created_for_id');
    create constraint trigger bookings_audited after insert or update or delete on bookings
      deferrable initially deferred for each row execute function audit_unannounced_change('booking');

    create table booking_progress (
      id uuid primary key,
      booking_id uuid not null references bookings (id),
      progress text not null check (progress in (
        'scheduled', 'rescheduled', 'cancelled', 'no_show', 'generating_report', 'report_generated',
        'payment_received')),
      changed_by_id uuid references users (id), -- the referrer (or member of staff) whose change it is
      changed_for_id uuid references users (id), -- the admin who made it while acting as that referrer
      source text not null check (source in ('portal', 'acuity', 'reconciliation', 'import')),
      notes text not null default '',
      created_at timestamptz not null default clock_timestamp()
    );
    create index booking_progress_booking_idx on booking_progress (booking_id, created_at, id);
    create index booking_progress_list_idx on booking_progress (created_at, id);
    create trigger booking_progress_acting_pair before insert on booking_progress
      for each row execute function check_acting_pair('changed_by_id', 'changed_for_id');
    create trigger booking_progress_acting_pair_kept before update of changed_by_id, changed_for_id
      on booking_progress for each row execute function check_acting_pair('changed_by_id', 'changed_for_id');
    -- A new entry is announced by an audit row about its booking; a change of one, which is history, only by its own.
    create constraint trigger booking_progress_added after insert on booking_progress
      deferrable initially deferred for each row execute function audit_unannounced_change('booking_progress', 'booking_id');
    create constraint trigger booking_progress_audited after update or delete on booking_progress
      deferrable initially deferred for each row execute function audit_unannounced_change('booking_progress');

    -- The answers to Acuity's own questions, each with its question as it was asked. A history: the newest row of a booking
    -- is current, rows are never changed. A booking without a row was made before answers were stored.
    create table booking_answers (
      id uuid primary key,
      booking_id uuid not null references bookings (id),
      -- [{fieldId, form, label, type, value}]; health information
      answers jsonb not null check (jsonb_typeof(answers) = 'array'),
      -- Of all that Acuity's forms said then: an equal one says that nothing was changed there.
      acuity_digest text not null,
      source text not null check (source in ('portal', 'acuity', 'reconciliation', 'import')),
      created_at timestamptz not null default clock_timestamp()
    );
    create index booking_answers_booking_idx on booking_answers (booking_id, created_at desc, id desc);
    create constraint trigger booking_answers_audited after insert or update or delete on booking_answers
      deferrable initially deferred for each row execute function audit_unannounced_change('booking_answers', 'booking_id');

    -- Who is told about a booking beside its booker (bookings.created_by_id): people with an account in the booking's
    -- organisation. Who left the organisation is told nothing, even while the row is still here.
    create table booking_contacts (
      id uuid primary key,
      booking_id uuid not null references bookings (id),
      user_id uuid not null references users (id),
      role text not null check (role in ('solicitor', 'report_recipient')),
      -- The REFERRER (or member of staff) who added the contact, also when an admin did it while acting as them.
      created_by_id uuid not null references users (id),
      -- The ADMIN who did it while acting as that referrer. The name reads the other way round: never swap the two.
      created_for_id uuid references users (id),
      created_at timestamptz not null default clock_timestamp(),
      unique (booking_id, user_id, role)
    );
    create index booking_contacts_user_idx on booking_contacts (user_id);
    create trigger booking_contacts_acting_pair before insert or update of created_by_id, created_for_id
      on booking_contacts for each row execute function check_acting_pair('created_by_id', 'created_for_id');
    create constraint trigger booking_contacts_audited after insert or update or delete on booking_contacts
      deferrable initially deferred for each row execute function audit_unannounced_change('booking_contact', 'booking_id');

    -- Which reminders were written: each once for a time of the examination. A moved examination gets its own.
    create table booking_reminders (
      booking_id uuid not null references bookings (id),
      days_before integer not null check (days_before > 0),
      starts_at timestamptz not null,
      created_at timestamptz not null default clock_timestamp(),
      primary key (booking_id, days_before, starts_at)
    );

    -- Bookings without a referrer that staff were told of by mail: each once, in one digest.
    create table unassigned_notices (
      booking_id uuid primary key references bookings (id),
      digest_id uuid not null,
      created_at timestamptz not null default clock_timestamp()
    );
    create index unassigned_notices_digest_idx on unassigned_notices (digest_id);

    -- A booking that is being filled in. Stored here and not in the browser: it holds health information.
    create table booking_drafts (
      id uuid primary key,
      owner_id uuid not null references users (id) on delete cascade,
      data jsonb not null default '{}',
      expires_at timestamptz not null,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      -- A draft is for its owner only while they belong to the organisation in which they began it.
      organization_id uuid references organizations (id)
    );
    create index booking_drafts_expires_idx on booking_drafts (expires_at);
    create trigger booking_drafts_updated_at before update on booking_drafts
      for each row execute function set_updated_at();

    -- What we ask of Acuity, stored before we ask. Wherever a process dies, an open attempt is found again and settled
    -- against Acuity's state (docs/decisions/0003-booking-attempts.md).
    create table booking_attempts (
      id uuid primary key,
      kind text not null check (kind in ('book', 'reschedule', 'cancel')),
      state text not null default 'open' check (state in ('open', 'completed', 'failed')),
      booking_id uuid references bookings (id), -- set when completed; from the start for reschedule and cancel
      reference text not null,
      specialist_id uuid not null references specialists (id),
      organization_id uuid references organizations (id),
      created_by_id uuid references users (id),
      created_for_id uuid references users (id),
      idempotency_key text,
      request_hash text not null,
      request jsonb not null, -- everything needed to finish without the person
      starts_at timestamptz,
      failure jsonb, -- {reason, …}: the first answer, given again to the same idempotency key
      acuity_called_at timestamptz,
      created_at timestamptz not null default clock_timestamp(),
      settled_at timestamptz,
      updated_at timestamptz not null default now(),
      check ((state = 'open') = (settled_at is null)),
      check (state <> 'completed' or booking_id is not null)
    );
    create unique index booking_attempts_reference_key on booking_attempts (reference) where kind = 'book';
    create unique index booking_attempts_idempotency_key
      on booking_attempts (created_by_id, idempotency_key) where idempotency_key is not null;
    -- Two people confirm the same time: the second is told at once, and Acuity is not asked.
    create unique index booking_attempts_slot_key
      on booking_attempts (specialist_id, starts_at) where state = 'open' and kind = 'book';
    create unique index booking_attempts_one_change_key
      on booking_attempts (booking_id) where state = 'open' and kind <> 'book';
    create index booking_attempts_open_idx on booking_attempts (created_at) where state = 'open';
    create trigger booking_attempts_updated_at before update on booking_attempts
      for each row execute function set_updated_at();
    create trigger booking_attempts_acting_pair before insert or update of created_by_id, created_for_id
      on booking_attempts for each row execute function check_acting_pair('created_by_id', 'created_for_id');
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
