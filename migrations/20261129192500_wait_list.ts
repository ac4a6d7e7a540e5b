import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Who wants to be told when an earlier time becomes free: than that of a booking, or before they book.
    create table wait_entries (
      id uuid primary key,
      -- The referrer who waits.
      created_by_id uuid not null references users (id),
      -- The admin who acted as that referrer; null when they did it themselves. It reads the other way round.
      created_for_id uuid references users (id),
      organization_id uuid not null references organizations (id),
      -- Null: before booking, with the specialist, the kind and the time that are wanted.
      booking_id uuid references bookings (id) on delete cascade,
      specialist_id uuid references specialists (id) on delete cascade,
      type text check (type in ('in_person', 'telehealth')),
      -- Only times before this, and from not_before on.
      before timestamptz,
      not_before timestamptz,
      state text not null default 'waiting' check (state in ('waiting', 'accepted', 'left', 'over')),
      created_at timestamptz not null default clock_timestamp(),
      updated_at timestamptz not null default clock_timestamp(),
      check (
        case when booking_id is null then specialist_id is not null and type is not null and before is not null
        else specialist_id is null and type is null and before is null end)
    );
    create unique index wait_entries_booking_key on wait_entries (booking_id) where state = 'waiting';
    create index wait_entries_specialist_idx on wait_entries (specialist_id, type) where state = 'waiting';
    create index wait_entries_person_idx on wait_entries (created_by_id, created_at);
    create trigger wait_entries_updated_at before update on wait_entries
      for each row execute function set_updated_at();
    create trigger wait_entries_acting_pair before insert or update of created_by_id, created_for_id on wait_entries
      for each row execute function check_acting_pair('created_by_id', 'created_for_id');
    create constraint trigger wait_entries_audited after insert or update or delete on wait_entries
      deferrable initially deferred for each row execute function audit_unannounced_change('wait_entry');

    -- A time that became free, until it is offered to everybody who wants it, or is taken.
    create table freed_times (
      id uuid primary key default gen_random_uuid(),
      specialist_id uuid not null references specialists (id) on delete cascade,
      type text not null,
      starts_at timestamptz not null,
      -- Whose time it was; null: unknown.
      booking_id uuid,
      noticed_at timestamptz not null default clock_timestamp(),
      -- Not looked at again before; null: now.
      check_at timestamptz,
      state text not null default 'open' check (state in ('open', 'done')),
      unique (specialist_id, type, starts_at)
    );
    create index freed_times_open_idx on freed_times (starts_at) where state = 'open';

    -- Offered to one person at a time, who holds it meanwhile. A hold binds within Examdesk only.
    create table wait_offers (
      id uuid primary key,
      entry_id uuid not null references wait_entries (id) on delete cascade,
      specialist_id uuid not null references specialists (id),
      type text not null,
      starts_at timestamptz not null,
      duration_minutes integer not null,
      -- checking: held while Acuity is asked, nobody was told yet.
      state text not null default 'checking'
        check (state in ('checking', 'open', 'accepted', 'declined', 'lapsed', 'taken', 'withdrawn')),
      created_at timestamptz not null default clock_timestamp(),
      expires_at timestamptz not null,
      ended_at timestamptz,
      check ((state in ('checking', 'open')) = (ended_at is null))
    );
    create unique index wait_offers_held_key on wait_offers (specialist_id, starts_at)
      where state in ('checking', 'open');
    create unique index wait_offers_live_key on wait_offers (entry_id) where state in ('checking', 'open');
    create index wait_offers_entry_idx on wait_offers (entry_id, created_at);
    create constraint trigger wait_offers_audited after insert or update or delete on wait_offers
      deferrable initially deferred for each row execute function audit_unannounced_change('wait_offer');
    -- Processes keep in memory what is held and which bookings are on the list (src/waiting/waiting.memory.ts).
    create constraint trigger wait_entries_kept after insert or update or delete on wait_entries
      deferrable initially deferred for each row execute function raise_kept_version();
    create constraint trigger wait_offers_kept after insert or update or delete on wait_offers
      deferrable initially deferred for each row execute function raise_kept_version();

    create function held_for_other(specialist uuid, starts timestamptz, minutes integer, person uuid)
    returns boolean language sql stable as $$
      select exists (
        select from wait_offers o join wait_entries e on e.id = o.entry_id
        where o.specialist_id = specialist and o.state in ('checking', 'open') and o.expires_at > clock_timestamp()
          and o.starts_at < starts + minutes * interval '1 minute'
          and starts < o.starts_at + o.duration_minutes * interval '1 minute'
          and e.created_by_id is distinct from merged_into(person))
    $$;

    -- Whatever frees a time, in whichever process, notes it in the same transaction, if somebody waits for such a time.
    create function note_freed_time() returns trigger language plpgsql as $$
    begin
      if old.status = 'active'
        and (tg_op = 'DELETE' or new.status = 'cancelled' or new.starts_at <> old.starts_at
          or new.specialist_id <> old.specialist_id)
        and exists (
          select from wait_entries e left join bookings b on b.id = e.booking_id
          where e.state = 'waiting' and coalesce(e.specialist_id, b.specialist_id) = old.specialist_id
            and coalesce(e.type, b.type) = old.type)
      then
        insert into freed_times (specialist_id, type, starts_at, booking_id)
        values (old.specialist_id, old.type, old.starts_at, old.id)
        on conflict (specialist_id, type, starts_at) do update
          set state = 'open', noticed_at = clock_timestamp(), check_at = null, booking_id = excluded.booking_id;
      end if;
      return null;
    end $$;
    create trigger bookings_free_times after update of status, starts_at, specialist_id or delete on bookings
      for each row execute function note_freed_time();

    alter table emails add column wait_offer_id uuid references wait_offers (id) on delete cascade;
    create index emails_wait_offer_idx on emails (wait_offer_id) where wait_offer_id is not null;
    insert into email_kinds (kind) values ('earlier_time_offered');
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
