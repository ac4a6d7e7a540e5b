import type { Knex } from 'knex';

// The columns are those of better-auth (admin, organization and twoFactor plugins), in snake_case. The constraints that
// better-auth leaves to its own code are added here, so that nothing else can break them either.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table users (
      id uuid primary key default gen_random_uuid(),
      name text not null constraint users_named check (trim(name) <> ''), -- every page names who is acting
      email text not null unique check (email = lower(email)),
      email_verified boolean not null,
      image text,
      created_at timestamptz not null default current_timestamp,
      updated_at timestamptz not null default current_timestamp,
      role text not null default 'referrer' check (role in ('referrer', 'support', 'admin')),
      banned boolean not null default false,
      ban_reason text,
      ban_expires timestamptz,
      two_factor_enabled boolean not null default false,
      -- Imported from another system and without a password: they cannot sign in, and get no e-mail but their invitation,
      -- until they accept it.
      awaits_invitation boolean not null default false
    );
    create index users_list_idx on users (name, id);
    create trigger users_updated_at before update on users for each row execute function set_updated_at();
    create constraint trigger users_audited after insert or update or delete on users
      deferrable initially deferred for each row execute function audit_unannounced_change('user');

    create table sessions (
      id uuid primary key default gen_random_uuid(),
      expires_at timestamptz not null,
      token text not null unique,
      created_at timestamptz not null default current_timestamp,
      updated_at timestamptz not null,
      ip_address text,
      user_agent text,
      user_id uuid not null references users (id) on delete cascade,
      -- The admin who acts as user_id with this session, and the admin's own session.
      impersonated_by uuid references users (id) on delete cascade,
      active_organization_id text,
      impersonator_session_id uuid references sessions (id) on delete cascade,
      -- Written at most once a minute.
      last_seen_at timestamptz not null default clock_timestamp()
    );
    create index sessions_user_id_idx on sessions (user_id);
    create index sessions_expires_at_idx on sessions (expires_at);
    create index sessions_impersonated_by_idx on sessions (impersonated_by) where impersonated_by is not null;
    -- A session of an admin is behind one acting session at most.
    create unique index sessions_impersonator_key on sessions (impersonator_session_id)
      where impersonator_session_id is not null;

    -- When somebody changes a role or bans somebody, by whatever way, the sessions end with the same commit.
    create function end_sessions_of_user() returns trigger language plpgsql as $$
    begin
      delete from sessions where user_id = new.id or impersonated_by = new.id;
      return null;
    end $$;
    create trigger users_end_sessions after update of role, banned on users for each row
      when (old.role is distinct from new.role or (new.banned and not old.banned))
      execute function end_sessions_of_user();

    -- When somebody was active last, also when their sessions have gone. Not in users, whose every change is audited.
    -- A session in which an admin acts as somebody does not count for that somebody.
    create table user_activity (
      user_id uuid primary key references users (id) on delete cascade,
      last_active_at timestamptz not null
    ) with (fillfactor = 70); -- updated once a minute, in the same place

    create function note_activity() returns trigger language plpgsql as $$
    begin
      insert into user_activity values (new.user_id, new.last_seen_at)
      on conflict (user_id) do update set last_active_at = excluded.last_active_at
        where user_activity.last_active_at < excluded.last_active_at;
      return null;
    end $$;
    create trigger sessions_activity after update of last_seen_at on sessions
      for each row when (new.impersonated_by is null) execute function note_activity();

    -- After a right password without the second step, better-auth makes a session and removes it in the same transaction:
    -- so this looks at the end of the transaction whether the session is there.
    create function note_first_activity() returns trigger language plpgsql as $$
    begin
      insert into user_activity
        select user_id, last_seen_at from sessions where id = new.id
      on conflict (user_id) do update set last_active_at = excluded.last_active_at
        where user_activity.last_active_at < excluded.last_active_at;
      return null;
    end $$;
    create constraint trigger sessions_first_activity after insert on sessions
      deferrable initially deferred for each row when (new.impersonated_by is null)
      execute function note_first_activity();

    create table accounts (
      id uuid primary key default gen_random_uuid(),
      account_id text not null,
      provider_id text not null,
      user_id uuid not null references users (id) on delete cascade,
      access_token text,
      refresh_token text,
      id_token text,
      access_token_expires_at timestamptz,
      refresh_token_expires_at timestamptz,
      scope text,
      password text,
      created_at timestamptz not null default current_timestamp,
      updated_at timestamptz not null,
      unique (provider_id, account_id)
    );
    create index accounts_user_id_idx on accounts (user_id);
    create trigger accounts_updated_at before update on accounts for each row execute function set_updated_at();
    create constraint trigger accounts_audited after insert or update or delete on accounts
      deferrable initially deferred for each row execute function audit_unannounced_change('account', 'user_id');

    create table verifications (
      id uuid primary key default gen_random_uuid(),
      identifier text not null,
      value text not null,
      expires_at timestamptz not null,
      created_at timestamptz not null default current_timestamp,
      updated_at timestamptz not null default current_timestamp
    );
    create index verifications_identifier_idx on verifications (identifier);
    create trigger verifications_updated_at before update on verifications
      for each row execute function set_updated_at();

    create table two_factors (
      id uuid primary key default gen_random_uuid(),
      secret text not null,
      backup_codes text not null,
      user_id uuid not null unique references users (id) on delete cascade,
      verified boolean not null default true,
      failed_verification_count integer not null default 0,
      locked_until timestamptz,
      -- The session in which the set-up began: the secret is shown to that session alone. No foreign key: once the session
      -- has gone, the secret is shown to nobody.
      begun_in_session_id uuid
    );
    create constraint trigger two_factors_audited after insert or update or delete on two_factors
      deferrable initially deferred for each row execute function audit_unannounced_change('two_factor', 'user_id');

    -- A code is accepted once.
    create table used_two_factor_codes (
      user_id uuid not null references users (id) on delete cascade,
      digest text not null,
      used_at timestamptz not null default clock_timestamp(),
      primary key (user_id, digest)
    );

    create table organizations (
      id uuid primary key default gen_random_uuid(),
      name text not null,
      slug text not null unique,
      logo text,
      created_at timestamptz not null,
      metadata text,
      -- Whether the people examined for this organisation are reminded by e-mail, too.
      reminds_examinees boolean not null default false
    );
    create constraint trigger organizations_audited after insert or update or delete on organizations
      deferrable initially deferred for each row execute function audit_unannounced_change('organization');

    -- One organisation for each referrer: user_id is unique.
    create table members (
      id uuid primary key default gen_random_uuid(),
      organization_id uuid not null references organizations (id) on delete cascade,
      user_id uuid not null unique references users (id) on delete cascade,
      role text not null check (role in ('owner', 'admin', 'member')),
      created_at timestamptz not null
    );
    create index members_organization_id_idx on members (organization_id);
    create constraint trigger members_audited after insert or update or delete on members
      deferrable initially deferred for each row execute function audit_unannounced_change('member', 'user_id');

    create table invitations (
      id uuid primary key default gen_random_uuid(),
      organization_id uuid not null references organizations (id) on delete cascade,
      email text not null,
      role text,
      status text not null check (status in ('pending', 'accepted', 'rejected', 'canceled')),
      expires_at timestamptz not null,
      created_at timestamptz not null default current_timestamp,
      inviter_id uuid not null references users (id) on delete cascade
    );
    create index invitations_organization_id_idx on invitations (organization_id);
    create index invitations_email_idx on invitations (email);

    -- The links that we mail. A link is signed over the id of its row; no secret is stored here.
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
    create constraint trigger account_links_audited after insert or update or delete on account_links
      deferrable initially deferred for each row execute function audit_unannounced_change('account_link');
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
