import type { Knex } from 'knex';

// The console's figures read the reports of a week, of which there are few among the entries of all kinds.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create index booking_progress_reports_idx on booking_progress (created_at, id)
      where progress = 'report_generated'`);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
