// Reads the schema of the console's tables with @adminjs/sql: the type, key, requirement and reference of each column. Only
// this part of the package is used, because its resources read, filter by and write any column (docs/decisions/0015).
import type { BaseProperty } from 'adminjs';
import type { Queryable } from '../db/knex.ts';
import type { Column, ColumnType, Table } from './table.ts';

/** The adapter's property of a column that is shown as it is stored; null for one that is computed. */
export type Schema = (table: Table, column: Column) => BaseProperty | null;

interface Parser {
  knex: Queryable;
  getProperties(table: string, schema: string): Promise<BaseProperty[]>;
}

/**
 * Reads the schema through the given connection, with the package's parser. The package's own entry would open a pool of ten
 * connections without our limits and time-outs, read every table, and print those that it cannot read.
 *
 * @throws if a column does not exist, or has a type that the console shows as another
 */
export async function readSchema(db: Queryable, tables: readonly Table[]): Promise<Schema> {
  const parser = await createParser(db);
  const stored = new Map<string, Map<string, BaseProperty>>();
  for (const name of new Set(tables.flatMap((table) => [...storedTables(table).values()])))
    stored.set(name, await propertiesOf(parser, name));
  const schema: Schema = (table, { sql }) => {
    const [, alias = '', name = ''] = /^(\w+)\.(\w+)$/.exec(sql) ?? [];
    const of = storedTables(table).get(alias) ?? '';
    const properties = stored.get(of);
    if (!properties || properties.size === 0) return null;
    const property = properties.get(name);
    if (!property) throw new Error(`The console shows ${of}.${name}, which the database does not have`);
    return property;
  };
  for (const table of tables)
    for (const column of table.columns) {
      const type = schema(table, column)?.type();
      if (type && !typesOf(column).includes(type))
        throw new Error(`The console shows ${table.id}.${column.name} as ${column.type}; it is a ${type}`);
    }
  return schema;
}

/** The columns by name. Empty when the adapter confuses the table with one, or an index, of that name in another schema. */
async function propertiesOf(parser: Parser, table: string): Promise<Map<string, BaseProperty>> {
  try {
    const properties = await parser.getProperties(table, 'public');
    // The adapter returns a column once for each key that it is part of.
    return new Map(properties.map((property) => [property.path(), property]));
  } catch (error) {
    // PostgreSQL's cardinality_violation.
    if ((error as { code?: string }).code === '21000') return new Map();
    throw error;
  }
}

async function createParser(db: Queryable): Promise<Parser> {
  const address = new URL('dialects/postgres.parser.js', import.meta.resolve('@adminjs/sql'));
  const { PostgresParser } = (await import(address.href)) as {
    PostgresParser: new (dialect: 'postgresql', connection: { database: string }) => Parser;
  };
  // The adapter's own knex would connect when it is first used, and is never used.
  const parser = new PostgresParser('postgresql', { database: 'examdesk' });
  parser.knex = db;
  return parser;
}

/** The database's tables in a list's `from`, by their alias. */
function storedTables({ from }: Table): Map<string, string> {
  const named = from.matchAll(/(?:^|\bjoin )(\w+) (\w+)\b/g);
  return new Map([...named].map(([, name = '', alias = '']) => [alias, name] as const));
}

/** AdminJS's name for the type of a column: the declared type, and the types that the adapter may find in the database. */
export function typesOf({ type }: Column): readonly [PropertyType, ...PropertyType[]] {
  return namedOtherwise[type] ?? [type as PropertyType];
}

/** The adapter reports types that it does not know as strings, and any foreign key as a reference. */
const namedOtherwise: Partial<Record<ColumnType, readonly [PropertyType, ...PropertyType[]]>> = {
  id: ['uuid', 'reference'],
  enum: ['string', 'reference'],
  number: ['number', 'float'],
  json: ['textarea', 'key-value'],
};

type PropertyType = ReturnType<BaseProperty['type']>;
