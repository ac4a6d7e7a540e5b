import type { Knex } from 'knex';

/** Whether a later message of the same kind reached somebody: asked for each that did not, on the console's first page. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(
    `create index emails_reached_idx on emails (recipient, kind, created_at) where status = 'sent'`,
  );
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
