// Reads a CSV with a header into typed rows. Problems name the line, the column and the reason.
import type { z } from 'zod';
import { CsvError, decodeText, parseCsv, type CsvRow } from '../lib/csv.ts';
import { tidyLine } from '../lib/typed-text.ts';

export interface Column {
  name: string;
  /** Other headings that mean the same; compared without case, spaces and punctuation. */
  aliases: readonly string[];
  isRequired: boolean;
}

export type TableRow<T> = { line: number; value: T } | { line: number; problems: string[] };

/** The file as a whole cannot be read. */
export class TableError extends Error {
  override name = 'TableError';
}

export interface Table<T> {
  rows: TableRow<T>[];
  /** Headings that match no column. */
  ignored: string[];
}

const maxBytes = 20 * 1024 * 1024;

/** @throws TableError */
export function readTable<T>(bytes: Uint8Array, columns: readonly Column[], schema: z.ZodType<T>): Table<T> {
  if (bytes.byteLength > maxBytes) throw new TableError('The file is larger than 20 MB: split it');
  const [header, ...rows] = allRows(bytes);
  if (!header) throw new TableError('The file is empty');
  const columnsByCell = header.cells.map(
    (heading) => columns.find((column) => isHeading(column, heading)) ?? null,
  );
  const missing = columns.filter((column) => column.isRequired && !columnsByCell.includes(column));
  if (missing.length > 0)
    throw new TableError(
      `Line ${header.line}: the header lacks ${missing.map(({ name }) => name).join(' and ')}. It has: ${header.cells.join(', ')}`,
    );
  const twice = columnsByCell.find((column, at) => column !== null && columnsByCell.indexOf(column) !== at);
  if (twice) throw new TableError(`Line ${header.line}: the header has ${twice.name} twice`);
  return {
    rows: rows.map((row) => readRow(row, columnsByCell, schema)),
    ignored: header.cells.filter((heading, at) => heading.trim() !== '' && columnsByCell[at] === null),
  };
}

function allRows(bytes: Uint8Array): CsvRow[] {
  try {
    return [...parseCsv(decodeText(bytes))];
  } catch (error) {
    if (error instanceof CsvError) throw new TableError(`Line ${error.line}: ${error.message}`);
    throw error;
  }
}

function readRow<T>(
  { line, cells }: CsvRow,
  columnsByCell: readonly (Column | null)[],
  schema: z.ZodType<T>,
): TableRow<T> {
  if (cells.slice(columnsByCell.length).some((cell) => cell.trim() !== ''))
    return { line, problems: ['the row has more cells than the header'] };
  const named = columnsByCell.flatMap((column, at) =>
    column ? [[column.name, cellText(cells[at] ?? '')] as const] : [],
  );
  const parsed = schema.safeParse(Object.fromEntries(named));
  if (parsed.success) return { line, value: parsed.data };
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  return { line, problems: [...new Set(problems)] };
}

/** Spreadsheets have line breaks within a cell. */
function cellText(cell: string): string {
  return tidyLine(cell.replaceAll(/[\r\n]+/g, ' '));
}

function isHeading({ name, aliases }: Column, heading: string): boolean {
  return [name, ...aliases].some((alias) => plain(alias) === plain(heading));
}

function plain(heading: string): string {
  return heading
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
}
