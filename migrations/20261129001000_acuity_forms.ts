import type { Knex } from 'knex';

// The intake forms of the Acuity account as they were last read. One row: it survives a restart, serves every process
// and says who is reading at the moment.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table acuity_forms (
      only_row boolean primary key default true check (only_row),
      forms jsonb check (jsonb_typeof(forms) = 'array'),
      -- When the read of these forms began.
      read_at timestamptz,
      -- When a read failed that began after read_at; null when the last read succeeded.
      failed_at timestamptz,
      -- A process is reading until then; null or past: nobody is.
      reading_until timestamptz,
      check ((forms is null) = (read_at is null))
    );
    insert into acuity_forms default values;
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
