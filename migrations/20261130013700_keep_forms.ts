import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Processes keep Acuity's forms in memory, too (see kept_version).
    create constraint trigger acuity_forms_kept after insert or update or delete on acuity_forms
      deferrable initially deferred for each row execute function raise_kept_version();
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
