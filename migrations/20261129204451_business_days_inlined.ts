import type { Knex } from 'knex';

// The same days, without date_trunc: it goes by the session's time zone, for which PostgreSQL runs the function at each
// call instead of writing its text into the query. Ten times as slow, for each booking of a list.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create or replace function business_days_before(day date, days integer) returns date
      language sql immutable parallel safe as $$
        select case when days = 0 then day else
          day - extract(isodow from day)::integer + 1
          + 7 * floor((least(extract(isodow from day)::integer - 1, 5) - days) / 5.0)::integer
          + (((least(extract(isodow from day)::integer - 1, 5) - days) % 5) + 5) % 5
        end
      $$;
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
