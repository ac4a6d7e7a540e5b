import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Filters, sort and columns of a list of the console, under a person's name for them.
    create table console_views (
      id uuid primary key,
      user_id uuid not null references users (id) on delete cascade,
      list text not null,
      name text not null check (name <> '' and length(name) <= 60),
      -- As in the list's address: words that may be health information are sealed for this person.
      query text not null check (length(query) <= 4000),
      -- Null: the person's own columns.
      columns text[],
      -- All staff who may read the list see it; only its owner changes it.
      is_shared boolean not null default false,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      unique (user_id, list, name)
    );
    create index console_views_shared_idx on console_views (list) where is_shared;

    -- Which columns of a list a person sees; without a row, those that the list names.
    create table console_columns (
      user_id uuid not null references users (id) on delete cascade,
      list text not null,
      columns text[] not null,
      primary key (user_id, list)
    );
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
