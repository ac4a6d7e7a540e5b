import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- A person's calendar, at a secret address of which only the digest is kept.
    create table calendar_feeds (
      user_id uuid primary key references users(id),
      token_digest bytea not null unique check (octet_length(token_digest) = 32),
      -- Health information in the calendar, and the bookings of colleagues: only when the person switched it on.
      shows_details boolean not null default false,
      shows_colleagues boolean not null default false,
      created_at timestamptz not null default now()
    );
    create constraint trigger calendar_feeds_audited after insert or update or delete on calendar_feeds
      deferrable initially deferred for each row execute function audit_unannounced_change('user', 'user_id');
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
