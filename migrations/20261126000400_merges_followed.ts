import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- The record that stands for this one today: itself, or what it was merged into, merge after merge.
    create function merged_into(given uuid) returns uuid language sql stable as $$
      with recursive chain (id, step) as (
        select given, 0
        union all
        select m.into_id, c.step + 1 from chain c
        join merges m on m.from_id = c.id and m.undone_at is null where c.step < 100
      )
      select id from chain order by step desc limit 1
    $$;

    -- The episode proves the pair, whatever either of them is today: a referrer may have become staff before a lost
    -- answer of Acuity is settled, or before a merge is taken back; and what was begun in the name of one who has been
    -- merged away ends with the one who stays. To another referrer than that a record still goes only to a referrer.
    create or replace function check_acting_pair() returns trigger language plpgsql as $$
    declare
      by_id uuid := (to_jsonb(new) ->> tg_argv[0])::uuid;
      for_id uuid := (to_jsonb(new) ->> tg_argv[1])::uuid;
      is_new boolean := tg_op = 'INSERT';
    begin
      if for_id is null or exists (
        select from impersonations i where i.admin_id = for_id and i.user_id = by_id
      ) or exists (
        select from impersonations i where i.admin_id = for_id and merged_into(i.user_id) = by_id
      ) then
        return new;
      end if;
      if tg_op = 'UPDATE' then
        is_new := (to_jsonb(old) ->> tg_argv[1])::uuid is distinct from for_id;
      end if;
      if is_new
        or not exists (select from users where id = by_id and role = 'referrer')
        or not exists (select from impersonations i where i.admin_id = for_id)
      then
        raise exception '% is the referrer, % the admin acting', tg_argv[0], tg_argv[1]
          using errcode = 'check_violation', constraint = tg_table_name || '_acting_pair';
      end if;
      return new;
    end $$;
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
