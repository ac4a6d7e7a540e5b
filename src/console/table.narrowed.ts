// A table with only those of its columns and joins that a count needs. PostgreSQL leaves out idle joins itself, but then
// reads rows where an index alone would do, and plans for longer.
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

/** Each such join finds at most one row, by an id: as many rows are left without it. Any other `from` stays as it is. */
function withoutIdleJoins(from: string, expressions: string[]): string {
  const [, first = '', joins = '', , where = ''] = joined.exec(from) ?? [];
  if (first === '') return from;
  const used = [where, ...expressions];
  const kept: string[] = [];
  // From the last one: a join may use those before it.
  for (const [join, alias] of [...joins.matchAll(new RegExp(aJoin, 'g'))].toReversed()) {
    if (!used.some((sql) => new RegExp(String.raw`\b${alias}\.`).test(sql))) continue;
    used.push(join);
    kept.unshift(join);
  }
  return [first, ...kept, where].join('');
}
