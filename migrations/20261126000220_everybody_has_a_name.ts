import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Who acts is told by name on every page: an empty one would tell nobody.
    update users set name = split_part(email, '@', 1) where trim(name) = '';
    alter table users add constraint users_named check (trim(name) <> '');
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
