import type { Knex } from 'knex';

// What of a booking needs its referrer: news of the clinic that they have not seen, and documents that are due.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- The newest news of each kind about a booking, made by somebody other than its referrers. Whether it still holds is
    -- asked when it is read: a report may be recalled, a cancelled booking may be corrected.
    create table booking_news (
      booking_id uuid not null references bookings (id) on delete cascade,
      kind text not null check (kind in ('report_ready', 'cancelled', 'moved', 'no_show')),
      at timestamptz not null,
      -- Of the booking, kept by a trigger, so that an organisation's news are found without its bookings.
      organization_id uuid,
      primary key (booking_id, kind)
    );
    create index booking_news_organization_idx on booking_news (organization_id, at);

    -- Up to which of a booking's news a referrer has seen. Never written while an admin acts as them.
    create table booking_seen (
      user_id uuid not null references users (id) on delete cascade,
      booking_id uuid not null references bookings (id) on delete cascade,
      seen_at timestamptz not null,
      primary key (user_id, booking_id)
    );
    create index booking_seen_booking_idx on booking_seen (booking_id);

    create function tell_news(of_booking uuid, of_kind text) returns void language sql as $$
      insert into booking_news (booking_id, kind, at, organization_id)
        select id, of_kind, clock_timestamp(), organization_id from bookings where id = of_booking
      on conflict (booking_id, kind) do update set at = excluded.at, organization_id = excluded.organization_id
    $$;

    create function tell_news_of_progress() returns trigger language plpgsql as $$
    begin
      if not exists (select from users where id = new.changed_by_id and role = 'referrer') then
        perform tell_news(new.booking_id, case new.progress when 'rescheduled' then 'moved' else new.progress end);
      end if;
      return null;
    end $$;
    create trigger booking_progress_news after insert on booking_progress for each row
      when (new.progress in ('cancelled', 'rescheduled', 'no_show') and new.source <> 'import')
      execute function tell_news_of_progress();

    create function tell_news_of_report() returns trigger language plpgsql as $$
    begin
      perform tell_news(new.booking_id, 'report_ready');
      return null;
    end $$;
    create trigger documents_news after update of released_at on documents for each row
      when (new.released_at is not null and old.released_at is null) execute function tell_news_of_report();

    create function move_news() returns trigger language plpgsql as $$
    begin
      update booking_news set organization_id = new.organization_id where booking_id = new.id;
      return null;
    end $$;
    create trigger bookings_news after update of organization_id on bookings for each row
      when (new.organization_id is distinct from old.organization_id) execute function move_news();

    -- Which documents an examination needs, and how many business days before it. A specialist's own rule replaces the
    -- one for all (specialist_id null); business_days null: not needed.
    create table paperwork_rules (
      id uuid primary key default gen_random_uuid(),
      specialist_id uuid references specialists (id) on delete cascade,
      category text not null check (category in ('consent_form', 'brief')),
      business_days integer check (business_days between 0 and 60),
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      unique nulls not distinct (specialist_id, category),
      check (specialist_id is not null or business_days is not null)
    );
    create trigger paperwork_rules_updated_at before update on paperwork_rules
      for each row execute function set_updated_at();

    -- Monday to Friday; holidays are not known. An examination at the weekend counts from the Monday after it.
    create function business_days_before(day date, days integer) returns date language sql immutable parallel safe as $$
      select case when days = 0 then day else
        date_trunc('week', day)::date
        + 7 * floor((least(extract(isodow from day)::integer - 1, 5) - days) / 5.0)::integer
        + (((least(extract(isodow from day)::integer - 1, 5) - days) % 5) + 5) % 5
      end
    $$;

    -- The documents that an examination of this specialist on this day needs.
    create function paperwork_needed(of_specialist uuid, on_day date)
      returns table (rule_id uuid, category text, due_on date) language sql stable as $$
      select r.id, r.category, business_days_before(on_day, r.business_days)
      from paperwork_rules r
      where r.business_days is not null and (r.specialist_id = of_specialist or r.specialist_id is null and not exists (
        select from paperwork_rules own where own.specialist_id = of_specialist and own.category = r.category))
    $$;
  `);
  await knex('paperwork_rules').insert([
    { category: 'consent_form', business_days: 3 },
    { category: 'brief', business_days: 3 },
  ]);
  // After the first rules, which nobody made.
  await knex.raw(`
    create constraint trigger paperwork_rules_audited after insert or update or delete on paperwork_rules
      deferrable initially deferred for each row execute function audit_unannounced_change('paperwork_rule');
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
