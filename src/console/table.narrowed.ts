// Reduces a table to the columns and joins that a count needs. PostgreSQL itself leaves out joins that are not used, but
// then it reads rows where an index would be enough, and planning takes longer.
import type { Table } from './table.ts';

/** @param names of columns that rows are chosen and sorted by */
export function narrowed(table: Table, names: string[]): Table {
  const zones = table.columns.flatMap(({ name, zone }) => (zone && names.includes(name) ? [zone] : []));
  const columns = table.columns
    .filter(({ name }) => names.includes(name) || zones.includes(name))
    .map(({ to: _to, ...column }) => column);
  const from = withoutIdleJoins(
    table.from,
    columns.map(({ sql }) => sql),
  );
  return { ...table, columns, from };
}

const aJoin = String.raw`\s+left join \w+ (\w+) on \w+\.\w+ = \w+\.\w+`;
const joined = new RegExp(String.raw`^(\w+ \w+)((?:${aJoin})*)(\s+where .*)?$`, 's');

/** Removes joins that find at most one row by an id, which does not change the number of rows. Other joins stay. */
function withoutIdleJoins(from: string, expressions: string[]): string {
  const [, first = '', joins = '', , where = ''] = joined.exec(from) ?? [];
  if (first === '') return from;
  const used = [where, ...expressions];
  const kept: string[] = [];
  // Begins with the last join, because a join may use those before it.
  for (const [join, alias] of [...joins.matchAll(new RegExp(aJoin, 'g'))].toReversed()) {
    if (!used.some((sql) => new RegExp(String.raw`\b${alias}\.`).test(sql))) continue;
    used.push(join);
    kept.unshift(join);
  }
  return [first, ...kept, where].join('');
}
