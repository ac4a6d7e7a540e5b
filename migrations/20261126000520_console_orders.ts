import type { Knex } from 'knex';

/** How the console's long lists are sorted unasked: the newest page is read, and not everything to find it. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create index booking_progress_list_idx on booking_progress (created_at, id);
    create index documents_list_idx on documents (created_at, id);
    create index emails_list_idx on emails (created_at, id);
    create index drift_items_list_idx on drift_items (found_at, id);
    create index users_list_idx on users (name, id);
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
