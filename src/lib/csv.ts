// CSV by RFC 4180 and as spreadsheets write it: byte order marks, semicolons or tabs, Windows-1252, any line end.

export interface CsvRow {
  /** Where the row begins in the file; the first line is 1. */
  line: number;
  cells: string[];
}

export class CsvError extends Error {
  override name = 'CsvError';
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

/** Detects UTF-16 and UTF-8 by byte order mark, then UTF-8 by valid bytes, else Windows-1252. */
export function decodeText(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

const separators = [',', ';', '\t'] as const;
export type Separator = (typeof separators)[number];

/** The most frequent separator in the first line, outside quotation marks. */
export function separatorOf(text: string): Separator {
  const counts = new Map<string, number>(separators.map((separator) => [separator, 0]));
  let isQuoted = false;
  for (const sign of text) {
    if (sign === '"') isQuoted = !isQuoted;
    if (!isQuoted && (sign === '\r' || sign === '\n')) break;
    const count = isQuoted ? undefined : counts.get(sign);
    if (count !== undefined) counts.set(sign, count + 1);
  }
  return separators.toSorted((a, b) => (counts.get(b) ?? 0) - (counts.get(a) ?? 0))[0] as Separator;
}

/**
 * Yields each row that is not empty.
 * @throws CsvError for a quoted cell that does not end, or with something between its end and the next cell
 */
export function* parseCsv(text: string, separator = separatorOf(text)): Generator<CsvRow> {
  const place: Place = { text, at: 0, line: 1 };
  for (;;) {
    const row = readRow(place, separator);
    if (!row) return;
    if (row.cells.some((cell) => cell.trim() !== '')) yield row;
  }
}

interface Place {
  text: string;
  at: number;
  line: number;
}

/** Null at the end of the text. */
function readRow(place: Place, separator: Separator): CsvRow | null {
  if (place.at >= place.text.length) return null;
  const row: CsvRow = { line: place.line, cells: [] };
  for (;;) {
    row.cells.push(place.text[place.at] === '"' ? quotedCell(place) : plainCell(place, separator));
    const next = place.text[place.at];
    if (next === separator) {
      place.at += 1;
      continue;
    }
    if (next !== undefined && next !== '\r' && next !== '\n')
      throw new CsvError(place.line, 'There is text after the closing quotation mark of a cell');
    skipLineEnd(place);
    return row;
  }
}

function plainCell(place: Place, separator: Separator): string {
  const from = place.at;
  for (; place.at < place.text.length; place.at += 1) {
    const sign = place.text[place.at];
    if (sign === separator || sign === '\r' || sign === '\n') break;
  }
  return place.text.slice(from, place.at);
}

function quotedCell(place: Place): string {
  const beganAt = place.line;
  let cell = '';
  for (let from = place.at + 1; ; ) {
    const quote = place.text.indexOf('"', from);
    if (quote < 0) throw new CsvError(beganAt, 'A quotation mark is opened and never closed');
    const part = place.text.slice(from, quote);
    place.line += part.match(/\r\n|\r|\n/g)?.length ?? 0;
    cell += part;
    place.at = quote + 1;
    if (place.text[place.at] !== '"') return cell;
    cell += '"';
    from = quote + 2;
  }
}

function skipLineEnd(place: Place): void {
  if (place.at >= place.text.length) return;
  place.at += place.text.startsWith('\r\n', place.at) ? 2 : 1;
  place.line += 1;
}

/** One line that every spreadsheet reads. Texts that it would run as a formula get an apostrophe. */
export function csvLine(values: readonly unknown[]): string {
  return `${values.map(cellOf).join(',')}\r\n`;
}

function cellOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
