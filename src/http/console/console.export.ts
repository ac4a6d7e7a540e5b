// Exports a list of the console as CSV.
import type { Response } from 'express';
import { auditActor, type Actor } from '../../accounts/index.ts';
import { pagesOf, shownRow, type Filters, type Table } from '../../console/index.ts';
import type { Database } from '../../db/knex.ts';
import { csvLine } from '../../lib/csv.ts';
import { dayIn } from '../../lib/dates.ts';
import { createCsvSender, type ExportLimits } from '../csv-response.ts';
import { pageZoneOf } from '../forms/fields.ts';
import type { ConsoleServices } from './console.services.ts';

const batch = 500;

export type ExportCsv = (actor: Actor, table: Table, filters: Filters, res: Response) => Promise<void>;

export function createCsvExport(
  { db, audit, clock }: Pick<ConsoleServices, 'db' | 'audit' | 'clock'>,
  limits?: ExportLimits,
): ExportCsv {
  const send = createCsvSender(limits);
  return (actor, table, filters, res) => {
    // Records only the names of filters: a value may be an examinee's name.
    const record = () =>
      audit.record(db, auditActor(actor), {
        action: 'records.exported',
        resourceType: 'list',
        resourceId: `/admin/export/${table.id}`,
        metadata: { table: table.id, filteredBy: Object.keys(filters) },
      });
    const columns = table.columns.map(({ name }) => name);
    const day = dayIn(clock.now(), pageZoneOf(res.req));
    return send(res, { name: table.id, day, columns, lines: linesOf(db, table, filters) }, record);
  };
}

/** Reads page after page, each by a statement of its own, so that no snapshot is held while a slow client reads. */
async function* linesOf(db: Database, table: Table, filters: Filters): AsyncGenerator<string> {
  for await (const rows of pagesOf(db, table, filters, batch)) {
    const shown = rows.map((row) => shownRow(table, row));
    yield shown.map((row) => csvLine(table.columns.map(({ name }) => row[name]))).join('');
  }
}
