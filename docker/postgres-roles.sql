-- Makes the database and its two roles, and gives the roles the passwords of .env. Run by the superuser at every start,
-- so that a password changed in .env counts; again is no harm.
\getenv owner_password MIGRATION_DATABASE_PASSWORD
\getenv app_password DATABASE_PASSWORD

select 'create role examdesk_owner' where to_regrole('examdesk_owner') is null \gexec
select 'create role examdesk_app' where to_regrole('examdesk_app') is null \gexec
alter role examdesk_owner login password :'owner_password';
alter role examdesk_app login password :'app_password';

select 'create database examdesk owner examdesk_owner'
  where not exists (select from pg_database where datname = 'examdesk') \gexec
alter database examdesk owner to examdesk_owner;

-- In a system that was set up with one role, the superuser owns what the app made. It goes to the owner; extensions stay.
\connect examdesk
with ours as (
  select oid from pg_namespace where nspname in ('public', 'graphile_worker')
), extensions as (
  select classid, objid from pg_depend where deptype = 'e'
), things (kind, name, owner, class, id) as (
  select 'schema', quote_ident(nspname), nspowner, 'pg_namespace'::regclass, oid
    from pg_namespace where nspname = 'graphile_worker'
  union all
  -- A sequence that belongs to a column, and a table's row type, follow their table.
  select case relkind when 'S' then 'sequence' when 'v' then 'view' when 'm' then 'materialized view' else 'table' end,
      oid::regclass::text, relowner, 'pg_class'::regclass, oid
    from pg_class where relnamespace in (select oid from ours) and relkind in ('r', 'p', 'v', 'm', 'S')
      and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = pg_class.oid
        and d.deptype in ('a', 'i') and d.refclassid = 'pg_class'::regclass)
  union all
  select 'routine', oid::regprocedure::text, proowner, 'pg_proc'::regclass, oid
    from pg_proc where pronamespace in (select oid from ours)
  union all
  select case typtype when 'd' then 'domain' else 'type' end, oid::regtype::text, typowner, 'pg_type'::regclass, oid
    from pg_type where typnamespace in (select oid from ours) and (typtype in ('d', 'e', 'r')
      or typtype = 'c' and exists (select from pg_class where pg_class.oid = typrelid and relkind = 'c'))
)
select format('alter %s %s owner to examdesk_owner', kind, name) from things
  where owner = current_user::regrole
    and not exists (select from extensions where classid = class and objid = id) \gexec
