import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Processes keep the mapping of Acuity's fields in memory, too (see kept_version).
    create constraint trigger intake_fields_kept after insert or update or delete on intake_fields
      deferrable initially deferred for each row execute function raise_kept_version();
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
