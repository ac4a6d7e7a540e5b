import type { Knex } from 'knex';

/** Finds what happened to records of a rare kind, however long ago, without reading the rows between. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw('create index audit_log_type_idx on audit_log (resource_type, at, id)');
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
