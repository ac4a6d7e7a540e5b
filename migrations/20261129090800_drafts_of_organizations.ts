import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- A draft is for its owner only while they belong to the organisation in which they began it.
    alter table booking_drafts add column organization_id uuid references organizations (id);
    update booking_drafts d set organization_id = m.organization_id from members m where m.user_id = d.owner_id;
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
