// Sends a table as CSV, streamed.
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';
import { tooManyRequests } from './problem.ts';

export interface ExportLimits {
  /** Concurrent exports of this process: each keeps a pool connection busy. */
  atOnce: number;
  /** Closes the connection of a client that reads nothing for so long. */
  idleReadMs: number;
}

export interface CsvTable {
  /** Of the file, without the day and the extension. */
  name: string;
  /** The reader's today. */
  day: string;
  columns: string[];
  /** Texts of whole lines. */
  lines: AsyncIterable<string>;
}

/** @param record writes the audit row: it is there before the first byte is sent */
export type SendCsv = (res: Response, table: CsvTable, record: () => Promise<void>) => Promise<void>;

export function createCsvSender(
  { atOnce, idleReadMs }: ExportLimits = { atOnce: 3, idleReadMs: 30_000 },
): SendCsv {
  let underWay = 0;

  return async (res, table, record) => {
    if (underWay >= atOnce)
      throw tooManyRequests(10_000, 'Other exports are running. Try again in a moment.');
    underWay += 1;
    try {
      await record();
      res
        .type('text/csv; charset=utf-8')
        .set('Content-Disposition', `attachment; filename="${table.name}-${table.day}.csv"`);
      // The socket is also idle while the database works, so close it only when written data is waiting to be read.
      res.setTimeout(idleReadMs, () => {
        if (res.writableLength > 0) res.destroy();
      });
      await pipeline(Readable.from(withHead(table)), res);
    } catch (error) {
      // The client has closed the connection.
      if ((error as { code?: string }).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
    } finally {
      underWay -= 1;
    }
  };
}

async function* withHead({ columns, lines }: CsvTable): AsyncGenerator<string> {
  // Without a byte order mark Excel reads another encoding.
  yield `\uFEFF${columns.join(',')}\r\n`;
  yield* lines;
}
