// The catalog as TypeScript: src/db/tables.ts, from which knex infers what a query on one table returns.
import type { CatalogColumn, CatalogTable, SchemaCatalog } from './schema.catalog.ts';

/** The types that knex.ts has the values parsed to. */
const typesOf: Record<string, string> = {
  boolean: 'boolean',
  bytea: 'Buffer',
  date: 'string',
  'timestamp with time zone': 'Date',
  bigint: 'number',
  integer: 'number',
  jsonb: 'unknown',
};

export function tableTypes({ tables }: SchemaCatalog): string {
  const lines = tables
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((table) => [
      `    ${table.name}: {`,
      ...table.columns.map((column) => `      ${column.name}: ${columnType(table, column)};`),
      '    };',
    ]);
  return `// The rows of each table. Written by npm run migrate from the database as it is.

declare module 'knex/types/tables.js' {
  interface Tables {
${lines.join('\n')}
  }
}

export {};
`;
}

function columnType(table: CatalogTable, { name, type, isNullable }: CatalogColumn): string {
  const known = allowedValues(table, name) ?? typeOf(type);
  return isNullable && known !== 'unknown' ? `${known} | null` : known;
}

function typeOf(type: string): string {
  return type.endsWith('[]') ? `${typeOf(type.slice(0, -2))}[]` : (typesOf[type] ?? 'string');
}

/** The type of a column that a CHECK restricts to a list of texts; null: none does. */
function allowedValues({ constraints }: CatalogTable, column: string): string | null {
  for (const { definition, columns } of constraints) {
    const [, list] = /^CHECK \(\w+ = ANY \(ARRAY\[([^\]]+)\]\)\)$/.exec(definition) ?? [];
    if (list !== undefined && columns.join() === column)
      return list.replaceAll('::text', '').split(', ').join(' | ');
  }
  return null;
}
