import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Pages seen while acting were kept twice for a moment. One record stays, and nothing takes from it.
    drop table impersonation_pages;
    drop function keep_impersonation_pages();
    create function keep_impersonation_views() returns trigger language plpgsql as $$
    begin
      raise exception 'what was seen while acting is never changed nor removed' using errcode = 'restrict_violation';
    end $$;
    create trigger impersonation_views_kept before update or delete or truncate on impersonation_views
      for each statement execute function keep_impersonation_views();
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
