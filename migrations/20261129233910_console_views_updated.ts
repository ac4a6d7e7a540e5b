import type { Knex } from 'knex';

// As every table with this column but the sessions, whose column better-auth sets.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create trigger console_views_updated_at before update on console_views
      for each row execute function set_updated_at()`);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
