import type { Knex } from 'knex';

// Whoever books inside the lead time of a document was told in the same second that it is late, and could never be in
// time. No document is due before the business day after that on which the examination's time was chosen.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- When the present time was booked, moved to or first seen. Null: before this was kept.
    alter table bookings add column time_chosen_at timestamptz;

    -- Never after the examination. A day that follows a Friday or Saturday is the Monday.
    create function paper_due_on(exam_day date, business_days integer, chosen_on date) returns date
      language sql immutable parallel safe as $$
        select least(exam_day, greatest(business_days_before(exam_day, business_days),
          chosen_on + case (chosen_on - date '0001-01-01') % 7 when 4 then 3 when 5 then 2 else 1 end))
      $$;

    drop function paperwork_facts;
    -- The rule as neededPapers (src/bookings/booking.paperwork.ts) has it for lists; a test holds the two together.
    create function paperwork_facts(of_booking uuid, of_specialist uuid, starts_at timestamptz, time_chosen_at timestamptz, zone text)
      returns table (in_time boolean, late_at timestamptz)
      language sql stable as $$
        select bool_and(d.is_in_time),
          min((needed.due_on + 1)::timestamp at time zone zone) filter (where not d.is_there)
        from (
            select r.category, paper_due_on((starts_at at time zone zone)::date, r.business_days, (time_chosen_at at time zone zone)::date) as due_on
            from paperwork_rules r
            where r.business_days is not null and (r.specialist_id = of_specialist or r.specialist_id is null and not exists (
              select from paperwork_rules own where own.specialist_id = of_specialist and own.category = r.category))) needed
          cross join lateral (
            select coalesce(bool_or((created_at at time zone zone)::date <= needed.due_on), false) as is_in_time,
              coalesce(bool_or(status <> 'infected' and damaged_at is null), false) as is_there
            from documents where booking_id = of_booking and category = needed.category and deleted_at is null) d
      $$;

    create or replace function store_paperwork(of_bookings uuid[]) returns void
      language plpgsql set plan_cache_mode = force_generic_plan as $$
        begin
          insert into booking_paperwork as kept (booking_id, starts_at, in_time, late_at)
          select b.id, b.starts_at, case when b.status <> 'cancelled' and b.organization_id is not null then facts.in_time end,
            case when b.status = 'active' and b.current_progress in ('scheduled', 'rescheduled')
              and b.organization_id is not null then facts.late_at end
          from bookings b
            cross join lateral paperwork_facts(b.id, b.specialist_id, b.starts_at, b.time_chosen_at, b.timezone) facts
          where b.id = any(of_bookings)
          on conflict (booking_id) do update
            set starts_at = excluded.starts_at, in_time = excluded.in_time, late_at = excluded.late_at
            where (kept.starts_at, kept.in_time, kept.late_at)
              is distinct from (excluded.starts_at, excluded.in_time, excluded.late_at);
        end $$;

    create or replace function keep_paperwork_of_booking() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    -- Nobody else sees the booking before this transaction commits.
    perform pg_advisory_xact_lock_shared(7265311);
    perform store_paperwork(array[new.id]);
  elsif (new.starts_at, new.time_chosen_at, new.timezone, new.specialist_id, new.status, new.current_progress, new.organization_id is null)
      is distinct from
      (old.starts_at, old.time_chosen_at, old.timezone, old.specialist_id, old.status, old.current_progress, old.organization_id is null)
  then
    perform refresh_paperwork(new.id);
  end if;
  return null;
end $$;
    drop trigger bookings_paperwork on bookings;
    create constraint trigger bookings_paperwork
      after insert or update of starts_at, time_chosen_at, timezone, specialist_id, status, current_progress, organization_id on bookings
      deferrable initially deferred for each row execute function keep_paperwork_of_booking();
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
