import type { Knex } from 'knex';

// The columns are better-auth's (admin and organization plugins), in snake_case; the constraints that
// better-auth leaves to its own code are added here, so that nothing else can break them either.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create function set_updated_at() returns trigger language plpgsql as $$
    begin
      new.updated_at := now();
      return new;
    end $$;

    create table users (
      id uuid primary key default gen_random_uuid(),
      name text not null,
      email text not null unique check (email = lower(email)),
      email_verified boolean not null,
      image text,
      created_at timestamptz not null default current_timestamp,
      updated_at timestamptz not null default current_timestamp,
      role text not null default 'referrer' check (role in ('referrer', 'support', 'admin')),
      banned boolean not null default false,
      ban_reason text,
      ban_expires timestamptz
    );

    create table sessions (
      id uuid primary key default gen_random_uuid(),
      expires_at timestamptz not null,
      token text not null unique,
      created_at timestamptz not null default current_timestamp,
      updated_at timestamptz not null,
      ip_address text,
      user_agent text,
      user_id uuid not null references users (id) on delete cascade,
      impersonated_by uuid references users (id) on delete cascade,
      active_organization_id text,
      impersonator_session_id uuid references sessions (id) on delete cascade
    );
    create index sessions_user_id_idx on sessions (user_id);
    create index sessions_expires_at_idx on sessions (expires_at);

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

    create table verifications (
      id uuid primary key default gen_random_uuid(),
      identifier text not null,
      value text not null,
      expires_at timestamptz not null,
      created_at timestamptz not null default current_timestamp,
      updated_at timestamptz not null default current_timestamp
    );
    create index verifications_identifier_idx on verifications (identifier);

    create table organizations (
      id uuid primary key default gen_random_uuid(),
      name text not null,
      slug text not null unique,
      logo text,
      created_at timestamptz not null,
      metadata text
    );

    -- One organisation for each referrer: user_id is unique.
    create table members (
      id uuid primary key default gen_random_uuid(),
      organization_id uuid not null references organizations (id) on delete cascade,
      user_id uuid not null unique references users (id) on delete cascade,
      role text not null check (role in ('owner', 'admin', 'member')),
      created_at timestamptz not null
    );
    create index members_organization_id_idx on members (organization_id);

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

    create trigger users_updated_at before update on users for each row execute function set_updated_at();
    create trigger accounts_updated_at before update on accounts for each row execute function set_updated_at();
    create trigger verifications_updated_at before update on verifications for each row execute function set_updated_at();
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
