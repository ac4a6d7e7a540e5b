import type { Knex } from 'knex';

// What Acuity said when a difference was found, as a keyed digest: a closed one opens again when Acuity says something
// else. Null: found before this was stored, or nothing that can change.
export async function up(knex: Knex): Promise<void> {
  await knex.raw('alter table drift_items add column value_digest text');
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
