import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- What somebody sent in a form after their session had ended, for an hour: shown in the form again once they have
    -- signed in, in the same browser. Stored here and not in the browser: it may be health information.
    create table kept_forms (
      browser_id uuid not null,
      -- Path and query of the form's address.
      action text not null,
      user_id uuid not null references users (id) on delete cascade,
      -- The admin who acted as user_id.
      admin_id uuid references users (id) on delete cascade,
      fields jsonb not null,
      expires_at timestamptz not null,
      primary key (browser_id, action)
    );
    create index kept_forms_expires_idx on kept_forms (expires_at);
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
