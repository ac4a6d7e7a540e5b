import type { Knex } from 'knex';

// Whether a booking's paperwork is late or was complete in time is stored when it changes, so that staff's counts read an
// index instead of the documents of every examination.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Derived from bookings, documents and rules; written by triggers only. When rules change, examinations that ended
    -- more than a month ago keep what they have, or no row: nothing reads it.
    create table booking_paperwork (
      booking_id uuid primary key references bookings (id) on delete cascade,
      starts_at timestamptz not null,
      -- Null: it needs no documents, or does not count.
      in_time boolean,
      -- When the first of the missing documents is late; null: none is missing, or the examination is not to come.
      late_at timestamptz
    );
    create index booking_paperwork_late_idx on booking_paperwork (starts_at, booking_id) include (late_at) where late_at is not null;
    create index booking_paperwork_in_time_idx on booking_paperwork (starts_at) include (in_time) where in_time is not null;

    -- The rule as neededPapers (src/bookings/booking.paperwork.ts) has it for lists; a test holds the two together.
    create function paperwork_facts(of_booking uuid, of_specialist uuid, starts_at timestamptz, zone text)
      returns table (in_time boolean, late_at timestamptz)
      language sql stable as $$
        select bool_and(d.is_in_time),
          min((needed.due_on + 1)::timestamp at time zone zone) filter (where not d.is_there)
        from (
            select r.category, business_days_before((starts_at at time zone zone)::date, r.business_days) as due_on
            from paperwork_rules r
            where r.business_days is not null and (r.specialist_id = of_specialist or r.specialist_id is null and not exists (
              select from paperwork_rules own where own.specialist_id = of_specialist and own.category = r.category))) needed
          cross join lateral (
            select coalesce(bool_or((created_at at time zone zone)::date <= needed.due_on), false) as is_in_time,
              coalesce(bool_or(status <> 'infected' and damaged_at is null), false) as is_there
            from documents where booking_id = of_booking and category = needed.category and deleted_at is null) d
      $$;

    -- Of these bookings; the caller holds the lock 7265311, of one booking shared and with its row, else alone. One plan for
    -- any number: planning for each booking would take ten times as long as the rest.
    create function store_paperwork(of_bookings uuid[]) returns void
      language plpgsql set plan_cache_mode = force_generic_plan as $$
        begin
          insert into booking_paperwork as kept (booking_id, starts_at, in_time, late_at)
          select b.id, b.starts_at, case when b.status <> 'cancelled' and b.organization_id is not null then facts.in_time end,
            case when b.status = 'active' and b.current_progress in ('scheduled', 'rescheduled')
              and b.organization_id is not null then facts.late_at end
          from bookings b cross join lateral paperwork_facts(b.id, b.specialist_id, b.starts_at, b.timezone) facts
          where b.id = any(of_bookings)
          on conflict (booking_id) do update
            set starts_at = excluded.starts_at, in_time = excluded.in_time, late_at = excluded.late_at
            where (kept.starts_at, kept.in_time, kept.late_at)
              is distinct from (excluded.starts_at, excluded.in_time, excluded.late_at);
        end $$;

    -- At commit, so that the row is the last that a transaction locks. Whoever waited for it computes from what the other
    -- has committed: each statement has a snapshot of its own.
    create function refresh_paperwork(of_booking uuid) returns void
      language plpgsql as $$
        begin
          perform pg_advisory_xact_lock_shared(7265311);
          perform from booking_paperwork where booking_id = of_booking for update;
          if not found then
            -- As the foreign key will: a transaction that holds the booking and waits for the row must not wait for us.
            perform from bookings where id = of_booking for key share;
            insert into booking_paperwork (booking_id, starts_at) select id, starts_at from bookings where id = of_booking
              on conflict (booking_id) do nothing;
            perform from booking_paperwork where booking_id = of_booking for update;
          end if;
          perform store_paperwork(array[of_booking]);
        end $$;

    create function keep_paperwork_of_booking() returns trigger
      language plpgsql as $$
        begin
          if tg_op = 'INSERT'
            or (new.starts_at, new.timezone, new.specialist_id, new.status, new.current_progress, new.organization_id is null)
              is distinct from
              (old.starts_at, old.timezone, old.specialist_id, old.status, old.current_progress, old.organization_id is null)
          then
            perform refresh_paperwork(new.id);
          end if;
          return null;
        end $$;
    create constraint trigger bookings_paperwork
      after insert or update of starts_at, timezone, specialist_id, status, current_progress, organization_id on bookings
      deferrable initially deferred for each row execute function keep_paperwork_of_booking();

    create function keep_paperwork_of_document() returns trigger
      language plpgsql as $$
        begin
          perform refresh_paperwork(id) from (
            select distinct id from unnest(array[old.booking_id, new.booking_id]) id where id is not null order by id) touched;
          return null;
        end $$;
    create constraint trigger documents_paperwork
      after insert or delete or update of booking_id, category, created_at, status, deleted_at, damaged_at on documents
      deferrable initially deferred for each row execute function keep_paperwork_of_document();

    -- Alone: no transaction may have read the rules of before and commit after. Of examinations that are not over, as far
    -- as we know, and of the last month, of which the share is shown.
    create function keep_paperwork_of_rules() returns trigger
      language plpgsql as $$
        declare
          is_for_all boolean := tg_op <> 'INSERT' and old.specialist_id is null
            or tg_op <> 'DELETE' and new.specialist_id is null;
        begin
          perform pg_advisory_xact_lock(7265311);
          perform store_paperwork(array(
            select id from bookings where (is_for_all or specialist_id in (old.specialist_id, new.specialist_id))
              and (status = 'active' and current_progress in ('scheduled', 'rescheduled')
                or starts_at > now() - interval '31 days')));
          return null;
        end $$;
    create constraint trigger paperwork_rules_paperwork
      after insert or delete or update of specialist_id, category, business_days on paperwork_rules
      deferrable initially deferred for each row execute function keep_paperwork_of_rules();

    select store_paperwork(array(
      select id from bookings where status = 'active' and current_progress in ('scheduled', 'rescheduled')
        or starts_at > now() - interval '31 days'));
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
