import type { Knex } from 'knex';

// How often something was refused in a minute, and to whom: past a limit the audit log, which nobody may empty, gets one
// row a minute with the count in place of a row for each. A row lives here for a minute or two.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table refusal_counts (
      action text not null,
      resource_type text not null,
      minute timestamptz not null,
      -- Who tried: an account, the network of an address, or '*' where very many did.
      source text not null,
      actor_id uuid,
      acting_as_id uuid,
      ip text,
      count integer not null default 1 check (count > 0),
      primary key (action, resource_type, minute, source)
    );
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
