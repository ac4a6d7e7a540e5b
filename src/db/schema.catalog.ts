// What is in the schema `public`, read from PostgreSQL's catalogs: ours only, without knex's tables and extensions'
// objects.
import type { Queryable } from './knex.ts';

export interface SchemaCatalog {
  extensions: string[];
  /** As `pg_get_functiondef` writes them, by name. */
  functions: string[];
  /** Tables follow those that their foreign keys refer to; otherwise they are sorted by name. */
  tables: CatalogTable[];
}

export interface CatalogTable {
  name: string;
  comment: string | null;
  options: string[] | null;
  columns: CatalogColumn[];
  constraints: { name: string; definition: string; columns: string[]; references: string | null }[];
  indexes: string[];
  triggers: string[];
  policies: CatalogPolicy[];
  isRowSecured: boolean;
  /** The rows that migrations inserted, as an INSERT statement needs them; null: they inserted none. */
  rows: Record<string, string>[] | 'defaults' | null;
}

export interface CatalogColumn {
  name: string;
  type: string;
  isNullable: boolean;
  default: string | null;
  /** `a`: always, `d`: by default; empty: none. */
  identity: string;
  isGenerated: boolean;
  statistics: number | null;
  comment: string | null;
}

interface CatalogPolicy {
  name: string;
  command: string;
  isPermissive: boolean;
  roles: string[];
  using: string | null;
  check: string | null;
}

/** Tables whose rows are values that the code knows: the rows are part of the schema. */
const lookupTables = ['audit_actions', 'email_kinds'];
/** Tables with one row, which a migration made and the code updates. */
const singleRowTables = ['acuity_connection', 'acuity_forms'];

const ours = `not exists (select from pg_depend d where d.objid = o.oid and d.deptype = 'e')`;

export async function readCatalog(db: Queryable): Promise<SchemaCatalog> {
  const extensions = await textsOf(
    db,
    `select extname as text from pg_extension where extname <> 'plpgsql' order by extname collate "C"`,
  );
  const functions = await textsOf(
    db,
    `select pg_get_functiondef(o.oid) as text from pg_proc o
       where o.pronamespace = 'public'::regnamespace and o.prokind in ('f', 'p') and ${ours}
       order by o.proname collate "C", pg_get_function_identity_arguments(o.oid)`,
  );
  const { rows } = await db.raw<{ rows: CatalogTable[] }>(tablesQuery);
  const tables = rows.filter(({ name }) => !name.startsWith('knex_'));
  for (const table of tables) {
    table.rows = singleRowTables.includes(table.name) ? 'defaults' : null;
    if (!lookupTables.includes(table.name)) continue;
    const first = table.columns[0]?.name ?? '';
    table.rows = await db(table.name).orderByRaw('?? collate "C"', [first]);
  }
  return { extensions, functions, tables: inOrderOfReferences(tables) };
}

async function textsOf(db: Queryable, query: string): Promise<string[]> {
  const { rows } = await db.raw<{ rows: { text: string }[] }>(query);
  return rows.map(({ text }) => text);
}

const tablesQuery = `
  select o.relname as name, obj_description(o.oid, 'pg_class') as comment, o.reloptions as options,
    o.relrowsecurity as "isRowSecured",
    (select json_agg(json_build_object(
        'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'isNullable', not a.attnotnull,
        'default', pg_get_expr(d.adbin, d.adrelid, true), 'identity', a.attidentity,
        'isGenerated', a.attgenerated <> '', 'statistics', nullif(a.attstattarget, -1),
        'comment', col_description(o.oid, a.attnum)) order by a.attnum)
      from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
      where a.attrelid = o.oid and a.attnum > 0 and not a.attisdropped) as columns,
    (select coalesce(json_agg(json_build_object(
        'name', c.conname, 'definition', pg_get_constraintdef(c.oid, true),
        'columns', (select json_agg(a.attname order by a.attnum) from pg_attribute a
                    where a.attrelid = o.oid and a.attnum = any (c.conkey)),
        'references', (select f.relname from pg_class f where f.oid = c.confrelid))
        order by position(c.contype::text in 'pucfx'), c.conname collate "C"), '[]')
      from pg_constraint c where c.conrelid = o.oid and c.contype in ('p', 'u', 'c', 'f', 'x')) as constraints,
    (select coalesce(json_agg(pg_get_indexdef(i.indexrelid, 0, true) order by x.relname collate "C"), '[]')
      from pg_index i join pg_class x on x.oid = i.indexrelid
      where i.indrelid = o.oid
        and not exists (select from pg_constraint c where c.conindid = i.indexrelid and c.conrelid = o.oid)) as indexes,
    (select coalesce(json_agg(pg_get_triggerdef(t.oid, true) order by t.tgname collate "C"), '[]')
      from pg_trigger t where t.tgrelid = o.oid and not t.tgisinternal) as triggers,
    (select coalesce(json_agg(json_build_object(
        'name', p.policyname, 'command', p.cmd, 'isPermissive', p.permissive = 'PERMISSIVE', 'roles', p.roles,
        'using', p.qual, 'check', p.with_check) order by p.policyname), '[]')
      from pg_policies p where p.schemaname = 'public' and p.tablename = o.relname) as policies
  from pg_class o
  where o.relnamespace = 'public'::regnamespace and o.relkind in ('r', 'p') and ${ours}
  order by o.relname collate "C"`;

function inOrderOfReferences(tables: CatalogTable[]): CatalogTable[] {
  const placed: CatalogTable[] = [];
  let left = tables;
  while (left.length > 0) {
    const next = left.find((table) =>
      table.constraints.every(
        ({ references }) =>
          references === null || references === table.name || placed.some(({ name }) => name === references),
      ),
    );
    if (!next)
      throw new Error(`Tables refer to each other in a circle: ${left.map(({ name }) => name).join(', ')}`);
    placed.push(next);
    left = left.filter((table) => table !== next);
  }
  return placed;
}
