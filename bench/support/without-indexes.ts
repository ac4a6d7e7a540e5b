import type { Knex } from 'knex';

/** Does the work without the tables' indexes, except those of constraints, and makes them again. */
export async function withoutIndexes(
  trx: Knex.Transaction,
  tables: string[],
  work: () => Promise<void>,
): Promise<void> {
  const { rows: indexes } = await trx.raw<{ rows: { name: string; definition: string }[] }>(
    `select i.indexrelid::regclass::text as name, pg_get_indexdef(i.indexrelid) as definition
     from pg_index i where i.indrelid = any(?::regclass[]) and not exists (
       select from pg_constraint c where c.conindid = i.indexrelid)`,
    [tables],
  );
  for (const { name } of indexes) await trx.raw(`drop index ${name}`);
  await work();
  for (const { definition } of indexes) await trx.raw(definition);
}
