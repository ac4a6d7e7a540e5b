// Every list of the console.
import type { Table } from './table.ts';
import { integrationsLists } from './tables.integrations.ts';
import { oversightLists } from './tables.oversight.ts';
import { peopleLists } from './tables.people.ts';
import { workLists } from './tables.work.ts';

export const tables: readonly Table[] = [
  ...workLists,
  ...peopleLists,
  ...integrationsLists,
  ...oversightLists,
];

/** @throws when the console has no such list */
export function tableNamed(id: string): Table {
  const table = tableOf(id);
  if (!table) throw new Error(`The console has no list ${id}`);
  return table;
}

export function tableOf(id: string): Table | null {
  return tables.find((table) => table.id === id) ?? null;
}
