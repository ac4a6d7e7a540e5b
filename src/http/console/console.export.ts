// A list as CSV: streamed row by row, whole, as it was at one moment; who took it stands in the audit log first.
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';
import { auditActor, type Actor } from '../../accounts/index.ts';
import { orderRows, selectRows, shownRow, type Filters, type Row, type Table } from '../../console/index.ts';
import { csvLine } from '../../lib/csv.ts';
import { tooManyRequests } from '../problem.ts';
import type { ConsoleServices } from './console.services.ts';

const batch = 500;

export interface ExportLimits {
  /** At once in this process: each holds a connection of the pool and a snapshot of the database. */
  atOnce: number;
  /** Whoever reads nothing for so long has left. */
  patienceMs: number;
}

export type ExportCsv = (actor: Actor, table: Table, filters: Filters, res: Response) => Promise<void>;

export function createCsvExport(
  { db, audit }: Pick<ConsoleServices, 'db' | 'audit'>,
  { atOnce, patienceMs }: ExportLimits = { atOnce: 3, patienceMs: 30_000 },
): ExportCsv {
  let underWay = 0;

  return async (actor, table, filters, res) => {
    if (underWay >= atOnce)
      throw tooManyRequests(10_000, 'Other exports are running. Try again in a moment.');
    underWay += 1;
    try {
      // Names of filters only: what was searched for may be a person's name.
      await audit.record(db, auditActor(actor), {
        action: 'records.exported',
        resourceType: 'page',
        resourceId: `/admin/export/${table.id}`,
        metadata: { table: table.id, filteredBy: Object.keys(filters) },
      });
      res
        .type('text/csv; charset=utf-8')
        .set(
          'Content-Disposition',
          `attachment; filename="${table.id}-${new Date().toISOString().slice(0, 10)}.csv"`,
        );
      // A socket is quiet, too, while the database works: only what waits to be read is given up.
      res.setTimeout(patienceMs, () => {
        if (res.writableLength > 0) res.destroy();
      });
      await pipeline(Readable.from(linesOf(db, table, filters)), res);
    } catch (error) {
      // Who closes the window in the middle of it needs no answer.
      if ((error as { code?: string }).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
    } finally {
      underWay -= 1;
    }
  };
}

async function* linesOf(db: ConsoleServices['db'], table: Table, filters: Filters): AsyncGenerator<string> {
  const columns = table.columns.map(({ name }) => name);
  // Excel takes a file without this mark for another encoding.
  yield `\uFEFF${columns.join(',')}\r\n`;
  const trx = await db.transaction({ readOnly: true });
  try {
    // The first rows of a long list have to wait until it is sorted.
    await trx.raw('set local statement_timeout = 0');
    const query = orderRows(selectRows(trx, table, filters), table, table.sort)
      .select('r.*')
      .toSQL()
      .toNative();
    await trx.raw(`declare rows_to_export no scroll cursor for ${asRaw(query.sql)}`, [...query.bindings]);
    for (;;) {
      const { rows } = (await trx.raw(`fetch ${batch} from rows_to_export`)) as { rows: Row[] };
      if (rows.length === 0) break;
      yield rows.map((row) => lineOf(columns, shownRow(table, row))).join('');
    }
    await trx.commit();
  } finally {
    if (!trx.isCompleted()) await trx.rollback();
  }
}

/** knex.raw counts question marks, the native form dollars. */
function asRaw(sql: string): string {
  return sql.replace(/\$\d+/g, '?');
}

function lineOf(columns: string[], row: Row): string {
  return csvLine(columns.map((name) => row[name]));
}
