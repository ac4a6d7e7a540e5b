// Exports a list as CSV: all rows from one snapshot, streamed. The audit row is written before the first byte.
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
  /** Concurrent exports of this process: each holds a pool connection and a snapshot. */
  atOnce: number;
  /** Closes the connection of a client that reads nothing for so long. */
  idleReadMs: number;
}

export type ExportCsv = (actor: Actor, table: Table, filters: Filters, res: Response) => Promise<void>;

export function createCsvExport(
  { db, audit }: Pick<ConsoleServices, 'db' | 'audit'>,
  { atOnce, idleReadMs }: ExportLimits = { atOnce: 3, idleReadMs: 30_000 },
): ExportCsv {
  let underWay = 0;

  return async (actor, table, filters, res) => {
    if (underWay >= atOnce)
      throw tooManyRequests(10_000, 'Other exports are running. Try again in a moment.');
    underWay += 1;
    try {
      // Names of filters only: their values may be an examinee's name.
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
      // The socket is idle while the database works, too: close only when written data is waiting to be read.
      res.setTimeout(idleReadMs, () => {
        if (res.writableLength > 0) res.destroy();
      });
      await pipeline(Readable.from(linesOf(db, table, filters)), res);
    } catch (error) {
      // The client has closed the connection.
      if ((error as { code?: string }).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
    } finally {
      underWay -= 1;
    }
  };
}

async function* linesOf(db: ConsoleServices['db'], table: Table, filters: Filters): AsyncGenerator<string> {
  const columns = table.columns.map(({ name }) => name);
  // Without a byte order mark Excel reads another encoding.
  yield `\uFEFF${columns.join(',')}\r\n`;
  const trx = await db.transaction({ readOnly: true });
  try {
    // Sorting a long list may take longer than the usual limit before the first row.
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

/** toNative() writes $1, knex.raw expects ?. */
function asRaw(sql: string): string {
  return sql.replace(/\$\d+/g, '?');
}

function lineOf(columns: string[], row: Row): string {
  return csvLine(columns.map((name) => row[name]));
}
