import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create extension if not exists pg_trgm;

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
    create index bookings_search_idx on bookings using gin (search_text gin_trgm_ops);

    create table booking_progress (
      id uuid primary key,
      booking_id uuid not null references bookings (id),
      progress text not null check (progress in (
        'scheduled', 'rescheduled', 'cancelled', 'no_show', 'generating_report', 'report_generated',
        'payment_received')),
      changed_by_id uuid references users (id), -- the referrer (or member of staff) whose change it is
      changed_for_id uuid references users (id), -- the admin who made it while acting as that referrer
      source text not null check (source in ('portal', 'acuity', 'reconciliation')),
      notes text not null default '',
      created_at timestamptz not null default clock_timestamp()
    );
    create index booking_progress_booking_idx on booking_progress (booking_id, created_at, id);

    -- What we are about to ask of Acuity, written before we ask. Whatever dies in between, an open intention is
    -- found again and settled against Acuity's state (see docs/decisions/0003-booking-intentions.md).
    create table booking_intentions (
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
    create unique index booking_intentions_reference_key on booking_intentions (reference) where kind = 'book';
    create unique index booking_intentions_idempotency_key
      on booking_intentions (created_by_id, idempotency_key) where idempotency_key is not null;
    -- Two people confirming the same time: the second is told at once, Acuity is not even asked.
    create unique index booking_intentions_slot_key
      on booking_intentions (specialist_id, starts_at) where state = 'open' and kind = 'book';
    create unique index booking_intentions_one_change_key
      on booking_intentions (booking_id) where state = 'open' and kind <> 'book';
    create index booking_intentions_open_idx on booking_intentions (created_at) where state = 'open';

    -- A journey half done. Kept here and not in the browser: it holds health information.
    create table booking_drafts (
      id uuid primary key,
      owner_id uuid not null references users (id) on delete cascade,
      data jsonb not null default '{}',
      expires_at timestamptz not null,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now()
    );
    create index booking_drafts_expires_idx on booking_drafts (expires_at);

    create trigger bookings_updated_at before update on bookings for each row execute function set_updated_at();
    create trigger booking_intentions_updated_at before update on booking_intentions
      for each row execute function set_updated_at();
    create trigger booking_drafts_updated_at before update on booking_drafts
      for each row execute function set_updated_at();
    create constraint trigger bookings_audited after insert or update or delete on bookings
      deferrable initially deferred for each row execute function audit_unannounced_change('booking');
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
