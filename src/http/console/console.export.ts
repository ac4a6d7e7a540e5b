// Exports a list as CSV, streamed. The audit row is written before the first byte.
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';
import { auditActor, type Actor } from '../../accounts/index.ts';
import { pagesOf, shownRow, type Filters, type Row, type Table } from '../../console/index.ts';
import { csvLine } from '../../lib/csv.ts';
import { tooManyRequests } from '../problem.ts';
import type { ConsoleServices } from './console.services.ts';

const batch = 500;

export interface ExportLimits {
  /** Concurrent exports of this process: each keeps a pool connection busy. */
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

/** In pages by key, each a statement of its own: no snapshot is held while a slow client reads. */
async function* linesOf(db: ConsoleServices['db'], table: Table, filters: Filters): AsyncGenerator<string> {
  const columns = table.columns.map(({ name }) => name);
  // Without a byte order mark Excel reads another encoding.
  yield `\uFEFF${columns.join(',')}\r\n`;
  for await (const rows of pagesOf(db, table, filters, batch))
    yield rows.map((row) => lineOf(columns, shownRow(table, row))).join('');
}

function lineOf(columns: string[], row: Row): string {
  return csvLine(columns.map((name) => row[name]));
}
