import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- How often somebody acted upon what Acuity says about an appointment. Who finds it counted up since before he
    -- asked Acuity may hold an older answer than the one acted upon, and asks again.
    create table appointment_looks (
      appointment_id bigint primary key,
      looks bigint not null
    );
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
