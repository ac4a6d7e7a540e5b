import type { Knex } from 'knex';

/** Lists show fifty organisations with their active members: counting them took longer the more people there are. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table member_counts (
      organization_id uuid primary key references organizations (id) on delete cascade,
      active integer not null
    );
    insert into member_counts
    select o.id, count(u.id) from organizations o
      left join members m on m.organization_id = o.id left join users u on u.id = m.user_id and not u.banned
    group by o.id;

    -- Counts anew, so that it is right whatever happened before. The lock makes a concurrent count wait, and then see this
    -- transaction's members. An organisation that is being deleted has no count any more.
    create function count_members(counted uuid) returns void language plpgsql as $$
    begin
      insert into member_counts select id, 0 from organizations where id = counted on conflict do nothing;
      perform from member_counts where organization_id = counted for update;
      update member_counts set active = (
        select count(*) from members m join users u on u.id = m.user_id where m.organization_id = counted and not u.banned)
      where organization_id = counted;
    end $$;

    -- The person is locked first, as when they are banned: whichever of two transactions comes second then counts what the
    -- first one wrote.
    create function count_members_of_member() returns trigger language plpgsql as $$
    begin
      perform from users where id in (old.user_id, new.user_id) order by id for share;
      perform count_members(id) from (
        select old.organization_id union select new.organization_id order by 1) counted (id) where id is not null;
      return null;
    end $$;
    create trigger members_count after insert or update or delete on members
      for each row execute function count_members_of_member();

    create function count_members_of_user() returns trigger language plpgsql as $$
    begin
      perform count_members(organization_id) from members where user_id = new.id;
      return null;
    end $$;
    create trigger users_count after update of banned on users
      for each row when (old.banned is distinct from new.banned) execute function count_members_of_user();
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
