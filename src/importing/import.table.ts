// A CSV with a header, row by row as the values that it means. What is wrong is said with line, column and reason.
import type { z } from 'zod';
import { CsvError, decodeText, parseCsv, type CsvRow } from '../lib/csv.ts';

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
  /** Headings that mean nothing here. */
  ignored: string[];
}

const mostBytes = 20 * 1024 * 1024;

/** @throws TableError */
export function readTable<T>(bytes: Uint8Array, columns: readonly Column[], schema: z.ZodType<T>): Table<T> {
  if (bytes.byteLength > mostBytes) throw new TableError('The file is larger than 20 MB: split it');
  const [header, ...rows] = allRows(bytes);
  if (!header) throw new TableError('The file is empty');
  const meant = header.cells.map((heading) => columns.find((column) => isHeading(column, heading)) ?? null);
  const missing = columns.filter((column) => column.isRequired && !meant.includes(column));
  if (missing.length > 0)
    throw new TableError(
      `Line ${header.line}: the header lacks ${missing.map(({ name }) => name).join(' and ')}. It has: ${header.cells.join(', ')}`,
    );
  const twice = meant.find((column, at) => column !== null && meant.indexOf(column) !== at);
  if (twice) throw new TableError(`Line ${header.line}: the header has ${twice.name} twice`);
  return {
    rows: rows.map((row) => readRow(row, meant, schema)),
    ignored: header.cells.filter((heading, at) => heading.trim() !== '' && meant[at] === null),
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
  meant: readonly (Column | null)[],
  schema: z.ZodType<T>,
): TableRow<T> {
  if (cells.slice(meant.length).some((cell) => cell.trim() !== ''))
    return { line, problems: ['the row has more cells than the header'] };
  const named = meant.flatMap((column, at) =>
    column ? [[column.name, (cells[at] ?? '').trim()] as const] : [],
  );
  const parsed = schema.safeParse(Object.fromEntries(named));
  if (parsed.success) return { line, value: parsed.data };
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  return { line, problems: [...new Set(problems)] };
}

function isHeading({ name, aliases }: Column, heading: string): boolean {
  return [name, ...aliases].some((one) => plain(one) === plain(heading));
}

function plain(heading: string): string {
  return heading
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
}
