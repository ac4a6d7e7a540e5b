import type { Knex } from 'knex';

// What web processes keep of the wait-list leaves out the bookings that another organisation has meanwhile.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create constraint trigger bookings_kept after update of organization_id on bookings
      deferrable initially deferred for each row
      when (old.organization_id is distinct from new.organization_id) execute function raise_kept_version()`);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
