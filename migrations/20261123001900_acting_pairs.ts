import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- It was enough that the admin had acted as anybody. Now it must have been as this referrer. What is written after
    -- the episode has ended (a lost answer of Acuity, settled later) still counts; and a record may go over to another
    -- referrer when two are merged, or when staff assign it: who was at the keyboard stays as it was.
    create or replace function check_acting_pair() returns trigger language plpgsql as $$
    declare
      by_id uuid := (to_jsonb(new) ->> tg_argv[0])::uuid;
      for_id uuid := (to_jsonb(new) ->> tg_argv[1])::uuid;
      is_new boolean := tg_op = 'INSERT';
    begin
      if tg_op = 'UPDATE' then
        is_new := (to_jsonb(old) ->> tg_argv[1])::uuid is distinct from for_id;
      end if;
      if for_id is not null and (
        not exists (select from users where id = by_id and role = 'referrer')
        or not exists (
          select from impersonations i where i.admin_id = for_id and (i.user_id = by_id or not is_new))
      ) then
        raise exception '% is the referrer, % the admin acting', tg_argv[0], tg_argv[1]
          using errcode = 'check_violation', constraint = tg_table_name || '_acting_pair';
      end if;
      return new;
    end $$;
    create index impersonations_pair_idx on impersonations (admin_id, user_id);
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
