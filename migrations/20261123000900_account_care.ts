import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- better-auth's twoFactor plugin, and what it leaves out: a code that was used opens nothing again.
    alter table users add column two_factor_enabled boolean not null default false;
    create table two_factors (
      id uuid primary key default gen_random_uuid(),
      secret text not null,
      backup_codes text not null,
      user_id uuid not null unique references users (id) on delete cascade,
      verified boolean not null default true,
      failed_verification_count integer not null default 0,
      locked_until timestamptz
    );
    create table used_two_factor_codes (
      user_id uuid not null references users (id) on delete cascade,
      digest text not null,
      used_at timestamptz not null default clock_timestamp(),
      primary key (user_id, digest)
    );

    -- Written at most once a minute: when a session of staff was used last.
    alter table sessions add column last_seen_at timestamptz not null default clock_timestamp();
    create index sessions_impersonated_by_idx on sessions (impersonated_by) where impersonated_by is not null;
    create index sessions_impersonator_idx on sessions (impersonator_session_id)
      where impersonator_session_id is not null;

    -- What a mail's link stands for. The link itself is signed over the id; nothing secret is kept here.
    create table account_links (
      id uuid primary key,
      kind text not null check (kind in ('invitation', 'password_reset', 'email_change')),
      user_id uuid references users (id) on delete cascade,
      email text not null check (email = lower(email)),
      name text,
      role text check (role in ('referrer', 'support', 'admin')),
      organization_id uuid references organizations (id) on delete cascade,
      created_by_id uuid references users (id) on delete set null,
      expires_at timestamptz not null,
      used_at timestamptz,
      revoked_at timestamptz,
      created_at timestamptz not null default clock_timestamp(),
      updated_at timestamptz not null default clock_timestamp(),
      check ((kind = 'invitation') = (user_id is null)),
      check ((kind = 'invitation') = (role is not null)),
      check ((role is not distinct from 'referrer') = (organization_id is not null)),
      check (used_at is null or revoked_at is null)
    );
    create unique index account_links_one_invitation_key on account_links (email)
      where kind = 'invitation' and used_at is null and revoked_at is null;
    create index account_links_user_idx on account_links (user_id, kind) where user_id is not null;
    create index account_links_organization_idx on account_links (organization_id) where organization_id is not null;
    create index account_links_created_by_idx on account_links (created_by_id) where created_by_id is not null;
    create trigger account_links_updated_at before update on account_links
      for each row execute function set_updated_at();

    alter table emails add column account_link_id uuid references account_links (id) on delete cascade;
    create index emails_account_link_idx on emails (account_link_id) where account_link_id is not null;
    alter table emails drop constraint emails_kind_check;
    alter table emails add constraint emails_kind_check check (kind in (
      'booking_confirmation', 'booking_rescheduled', 'booking_cancelled', 'booking_failed',
      'account_invitation', 'password_reset', 'password_changed', 'email_change', 'email_changed',
      'two_factor_changed'));

    -- Whoever changes a role or bans, and by whatever way: the sessions end with the same commit.
    create function end_sessions_of_user() returns trigger language plpgsql as $$
    begin
      delete from sessions where user_id = new.id or impersonated_by = new.id;
      return null;
    end $$;
    create trigger users_end_sessions after update of role, banned on users for each row
      when (old.role is distinct from new.role or (new.banned and not old.banned))
      execute function end_sessions_of_user();

    -- As audit_unannounced_change, for rows that are part of a person: an audit row about the person announces them.
    create function audit_unannounced_personal_change() returns trigger language plpgsql as $$
    declare
      changed text[];
      row_id text := coalesce(to_jsonb(new) ->> 'id', to_jsonb(old) ->> 'id');
      person_id text := coalesce(to_jsonb(new) ->> 'user_id', to_jsonb(old) ->> 'user_id');
    begin
      if exists (select 1 from audit_log
                 where xact = pg_current_xact_id() and resource_id in (row_id, person_id)) then
        return null;
      end if;
      if tg_op = 'UPDATE' then
        select array_agg(n.key order by n.key) into changed
        from jsonb_each(to_jsonb(new)) n join jsonb_each(to_jsonb(old)) o on o.key = n.key
        where n.value is distinct from o.value and n.key <> 'updated_at';
        if changed is null then
          return null;
        end if;
      end if;
      insert into audit_log (action, resource_type, resource_id, metadata)
      values ('record.changed', tg_argv[0], row_id,
              jsonb_build_object('operation', lower(tg_op), 'columns', coalesce(to_jsonb(changed), '[]'::jsonb),
                                 'userId', person_id, 'databaseUser', current_user));
      return null;
    end $$;

    create constraint trigger users_audited after insert or update or delete on users
      deferrable initially deferred for each row execute function audit_unannounced_change('user');
    create constraint trigger organizations_audited after insert or update or delete on organizations
      deferrable initially deferred for each row execute function audit_unannounced_change('organization');
    create constraint trigger account_links_audited after insert or update or delete on account_links
      deferrable initially deferred for each row execute function audit_unannounced_change('account_link');
    create constraint trigger members_audited after insert or update or delete on members
      deferrable initially deferred for each row execute function audit_unannounced_personal_change('member');
    create constraint trigger accounts_audited after insert or update or delete on accounts
      deferrable initially deferred for each row execute function audit_unannounced_personal_change('account');
    create constraint trigger two_factors_audited after insert or update or delete on two_factors
      deferrable initially deferred for each row execute function audit_unannounced_personal_change('two_factor');
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
