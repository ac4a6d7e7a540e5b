import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Whom examinees call; '' when nobody is to be called.
    alter table organizations add column examinees_call text not null default '';

    insert into email_kinds (kind) values ('examinee_instructions');
    insert into audit_actions (action) values ('instructions.sent');
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
