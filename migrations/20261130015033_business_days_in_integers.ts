import type { Knex } from 'knex';

// The same days, counted in integers: extract and a quotient with a fraction are numerics, which take three times as
// long, for each booking of a list. Business days are numbered from a Monday long ago; a day of the weekend has the
// number of the Monday after it.
export async function up(knex: Knex): Promise<void> {
  const number = `(day - date '0001-01-01') / 7 * 5 + least((day - date '0001-01-01') % 7, 5) - days`;
  await knex.raw(`
    create or replace function business_days_before(day date, days integer) returns date
      language sql immutable parallel safe as $$
        select case when days = 0 then day else
          date '0001-01-01' + (${number}) / 5 * 7 + (${number}) % 5
        end
      $$;
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
