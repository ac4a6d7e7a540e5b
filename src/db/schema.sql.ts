// The catalog as SQL that makes the same schema in an empty database: db/schema.sql.
import type { CatalogColumn, CatalogTable, SchemaCatalog } from './schema.catalog.ts';

const head = `-- The schema as it is. Written by npm run migrate; change it by a new file in migrations/.
-- What the role of the app may do with it: src/db/privileges.ts. The job queue's schema is graphile-worker's own.

-- Functions may name tables that come later.
SET check_function_bodies = off;
`;

export function schemaSql({ extensions, functions, tables }: SchemaCatalog): string {
  const parts = [
    head,
    extensions.map((name) => `CREATE EXTENSION IF NOT EXISTS ${name};\n`).join(''),
    ...functions.map(functionSql),
    ...tables.map(tableSql),
  ];
  return parts.map((part) => part.replaceAll('timestamp with time zone', 'timestamptz')).join('\n');
}

function functionSql(definition: string): string {
  const lines = definition
    .replace('CREATE OR REPLACE FUNCTION public.', 'CREATE FUNCTION ')
    .trimEnd()
    .split('\n');
  const start = lines.findIndex((line) => line.startsWith('AS $'));
  const body = lines.slice(start + 1);
  const indent = Math.min(...body.filter((line) => line.trim() !== '').map((line) => line.search(/\S/)));
  return `${[...lines.slice(0, start + 1), ...body.map((line) => line.slice(indent))].join('\n')};\n`;
}

function tableSql(table: CatalogTable): string {
  const { name, columns, constraints, options } = table;
  const lines = [
    ...columns.map(columnSql),
    ...constraints.map((constraint) => `CONSTRAINT ${constraint.name} ${constraint.definition}`),
  ];
  const storage = options ? ` WITH (${options.join(', ')})` : '';
  const after = [
    ...commentsSql(table),
    ...columns
      .filter(({ statistics }) => statistics !== null)
      .map((column) => `ALTER TABLE ${name} ALTER COLUMN ${column.name} SET STATISTICS ${column.statistics}`),
    ...table.indexes,
    ...table.triggers,
    ...(table.isRowSecured ? [`ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY`] : []),
    ...table.policies.map(
      ({ name: policy, command, isPermissive, roles, using, check }) =>
        `CREATE POLICY ${policy} ON ${name}${isPermissive ? '' : ' AS RESTRICTIVE'} FOR ${command}` +
        ` TO ${roles.join(', ')}${using === null ? '' : ` USING (${using})`}${check === null ? '' : ` WITH CHECK (${check})`}`,
    ),
    ...rowsSql(table),
  ];
  return `CREATE TABLE ${name} (\n  ${lines.join(',\n  ')}\n)${storage};\n${after.map((line) => `${line};\n`).join('')}`;
}

function columnSql({ name, type, isNullable, identity, isGenerated, ...column }: CatalogColumn): string {
  const parts = [name, type];
  if (isGenerated) parts.push(`GENERATED ALWAYS AS (${column.default}) STORED`);
  else if (identity !== '') parts.push(`GENERATED ${identity === 'a' ? 'ALWAYS' : 'BY DEFAULT'} AS IDENTITY`);
  else if (column.default !== null) parts.push(`DEFAULT ${column.default}`);
  if (!isNullable) parts.push('NOT NULL');
  return parts.join(' ');
}

function commentsSql({ name, comment, columns }: CatalogTable): string[] {
  const lines = columns
    .filter((column) => column.comment !== null)
    .map((column) => `COMMENT ON COLUMN ${name}.${column.name} IS ${literal(column.comment)}`);
  return comment === null ? lines : [`COMMENT ON TABLE ${name} IS ${literal(comment)}`, ...lines];
}

function rowsSql({ name, rows }: CatalogTable): string[] {
  if (rows === null) return [];
  if (rows === 'defaults') return [`INSERT INTO ${name} DEFAULT VALUES`];
  const values = rows.map((row) => `(${Object.values(row).map(literal).join(', ')})`);
  return [`INSERT INTO ${name} (${Object.keys(rows[0] ?? {}).join(', ')}) VALUES\n  ${values.join(',\n  ')}`];
}

function literal(text: string | null): string {
  return text === null ? 'NULL' : `'${text.replaceAll("'", "''")}'`;
}
