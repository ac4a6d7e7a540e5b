import type { Knex } from 'knex';

// A changed rule of paperwork changes what is stored of every booking to come: with a million bookings some fifty thousand,
// in seven seconds, during which no other booking could commit. The transaction that changes the rule now does the
// first page; a job does the rest, each page in a transaction of its own.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Bookings whose stored paperwork may still follow earlier rules: of this specialist (null: of all), those after this one.
    -- A rule that changes again meanwhile starts again.
    create table paperwork_refreshes (
      specialist_id uuid,
      starts_at timestamptz not null,
      booking_id uuid not null,
      asked_at timestamptz not null default clock_timestamp(),
      constraint paperwork_refreshes_specialist_id_key unique nulls not distinct (specialist_id)
    );

    -- The next page; false: nothing is left. Locks the row of paperwork_refreshes first, and paperwork in the order of its
    -- ids. What others commit while it waits for these is in the snapshot of the statement after.
    create function continue_paperwork_refresh(at_most integer) returns boolean
      language plpgsql as $$
        declare
          due paperwork_refreshes;
          ids uuid[];
          until timestamptz;
        begin
          select * into due from paperwork_refreshes order by asked_at, specialist_id limit 1 for update;
          if not found then
            return false;
          end if;
          -- A statement for each, so that each reads its index.
          if due.specialist_id is null then
            select array_agg(id order by starts_at, id), max(starts_at) into ids, until from (
              select id, starts_at from bookings where (starts_at, id) > (due.starts_at, due.booking_id)
              order by starts_at, id limit at_most) page;
          else
            select array_agg(id order by starts_at, id), max(starts_at) into ids, until from (
              select id, starts_at from bookings
              where specialist_id = due.specialist_id and (starts_at, id) > (due.starts_at, due.booking_id)
              order by starts_at, id limit at_most) page;
          end if;
          -- Of those that have no row, as in refresh_paperwork.
          perform from bookings b where id = any(ids)
            and not exists (select from booking_paperwork k where k.booking_id = b.id)
            order by id for key share;
          insert into booking_paperwork (booking_id, starts_at)
            select id, starts_at from bookings b where id = any(ids)
              and not exists (select from booking_paperwork k where k.booking_id = b.id)
            on conflict (booking_id) do nothing;
          perform from booking_paperwork where booking_id = any(ids) order by booking_id for update;
          perform store_paperwork(ids);
          if coalesce(cardinality(ids), 0) < at_most then
            delete from paperwork_refreshes where specialist_id is not distinct from due.specialist_id;
          else
            update paperwork_refreshes set starts_at = until, booking_id = ids[at_most]
              where specialist_id is not distinct from due.specialist_id;
          end if;
          return exists (select from paperwork_refreshes);
        end $$;

    -- Alone: no transaction may have read the rules of before and commit after. Of examinations to come and of the last
    -- month, of which the share is shown.
    create or replace function keep_paperwork_of_rules() returns trigger
      language plpgsql as $$
        declare
          is_for_all boolean := tg_op <> 'INSERT' and old.specialist_id is null
            or tg_op <> 'DELETE' and new.specialist_id is null;
        begin
          perform pg_advisory_xact_lock(7265311);
          insert into paperwork_refreshes as kept (specialist_id, starts_at, booking_id)
            select distinct case when not is_for_all then id end, now() - interval '31 days', '00000000-0000-0000-0000-000000000000'::uuid
            from unnest(array[old.specialist_id, new.specialist_id]) id where is_for_all or id is not null
          on conflict (specialist_id) do update
            set starts_at = excluded.starts_at, booking_id = excluded.booking_id, asked_at = excluded.asked_at;
          perform continue_paperwork_refresh(500);
          return null;
        end $$;
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
