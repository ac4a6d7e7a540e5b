import type { Knex } from 'knex';

// What each window of a reconciliation looks up, to leave closed what staff have closed (src/sync/drift.close.ts).
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create index drift_items_closed_idx on drift_items (difference)
      where state = 'left' and not superseded and closed_at is not null`);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
