import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- One row: the version of the tables that web processes keep in memory (src/db/kept-version.ts). Each write to one of
    -- them raises it in the same transaction; at its end, so that two writes wait for each other only while they commit.
    create table kept_version (
      is_only boolean primary key default true check (is_only),
      version bigint not null
    ) with (fillfactor = 50);
    insert into kept_version (version) values (0);

    create function raise_kept_version() returns trigger language plpgsql as $$
    begin
      update kept_version set version = version + 1;
      return null;
    end $$;
    create constraint trigger specialists_kept after insert or update or delete on specialists
      deferrable initially deferred for each row execute function raise_kept_version();
    create constraint trigger specialist_services_kept after insert or update or delete on specialist_services
      deferrable initially deferred for each row execute function raise_kept_version();
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
