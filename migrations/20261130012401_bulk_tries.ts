import type { Knex } from 'knex';

// A record of a bulk action whose statements always time out is tried a few times, after all others, and then skipped.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table bulk_items add column tries integer default 0 not null;
    drop index bulk_items_waiting_idx;
    create index bulk_items_waiting_idx on bulk_items (bulk_action_id, tries, place) where state = 'waiting'`);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
