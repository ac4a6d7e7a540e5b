import type { Knex } from 'knex';
import type { Viewer } from '../accounts/index.ts';
import type { Database } from '../db/knex.ts';
import { uuidShape } from '../lib/uuid.ts';
import { onlyVisible } from './booking.access.ts';
import { detailFilters, filterValue, type DetailFilters } from './booking.details.ts';
import { selectBookings, toBooking } from './booking.repository.ts';
import type { Booking, BookingStatus, Progress } from './booking.ts';

export interface BookingListQuery extends DetailFilters {
  status?: BookingStatus;
  progress?: Progress;
  specialistId?: string;
  /** Searches examinee, reference and claim number, for words in any order. */
  q?: string;
  /** Calendar days `YYYY-MM-DD`, inclusive, compared in the examination's own zone. */
  from?: string;
  to?: string;
  cursor?: string;
  limit: number;
}

export interface BookingListPage {
  bookings: Booking[];
  /** Opaque; null on the last page. */
  nextCursor: string | null;
}

/** The query behind the list page and GET /bookings: newest examination first, keyset pagination. */
export interface BookingList {
  page(viewer: Viewer, query: BookingListQuery): Promise<BookingListPage | 'bad_cursor'>;
}

export function createBookingList(db: Database): BookingList {
  return {
    async page(viewer, query) {
      const after = query.cursor === undefined ? null : readCursor(query.cursor);
      if (query.cursor !== undefined && !after) return 'bad_cursor';
      const rows = (await selectBookings(db)
        .select(db.raw('(extract(epoch from b.starts_at) * 1000000)::bigint as starts_at_us'))
        .modify(onlyVisible, viewer, 'b.organization_id')
        .modify(filtered, query)
        .modify(startingAfter, after)
        .orderBy([
          { column: 'b.starts_at', order: 'desc' },
          { column: 'b.id', order: 'desc' },
        ])
        .limit(query.limit + 1)) as CursorRow[];
      const shown = rows.slice(0, query.limit);
      const last = shown.at(-1);
      return {
        bookings: shown.map(toBooking),
        nextCursor: rows.length > query.limit && last ? writeCursor(last.starts_at_us, last.id) : null,
      };
    },
  };
}

type CursorRow = Parameters<typeof toBooking>[0] & { starts_at_us: number };
type Query = Knex.QueryBuilder;

function filtered(rows: Query, query: BookingListQuery): void {
  if (query.status) void rows.where('b.status', query.status);
  if (query.progress) void rows.where('b.current_progress', query.progress);
  if (query.specialistId) void rows.where('b.specialist_id', query.specialistId);
  for (const filter of detailFilters()) {
    const wanted = filterValue(query, filter);
    if (wanted === 'yes') void rows.whereNotNull(`b.${filter.column}`);
    if (wanted === 'no') void rows.whereNull(`b.${filter.column}`);
  }
  // The first condition of each pair lets PostgreSQL use the index: no zone is more than a day from UTC.
  if (query.from) {
    void rows
      .whereRaw(`b.starts_at >= ?::date - interval '1 day'`, [query.from])
      .whereRaw('(b.starts_at at time zone b.timezone)::date >= ?::date', [query.from]);
  }
  if (query.to) {
    void rows
      .whereRaw(`b.starts_at < ?::date + interval '2 days'`, [query.to])
      .whereRaw('(b.starts_at at time zone b.timezone)::date <= ?::date', [query.to]);
  }
  for (const word of wordsOf(query.q)) {
    void rows.whereRaw(`b.search_text like lower(?) escape '!'`, [`%${word.replaceAll(/[!%_]/g, '!$&')}%`]);
  }
}

function wordsOf(q: string | undefined): string[] {
  return (q ?? '').normalize('NFC').replaceAll('\0', ' ').split(/\s+/).filter(Boolean).slice(0, 10);
}

interface Position {
  startsAtUs: number;
  id: string;
}

function startingAfter(rows: Query, after: Position | null): void {
  if (!after) return;
  void rows.whereRaw(
    `(b.starts_at, b.id) < (timestamptz 'epoch' + ?::bigint * interval '1 microsecond', ?::uuid)`,
    [after.startsAtUs, after.id],
  );
}

function writeCursor(startsAtUs: number, id: string): string {
  return Buffer.from(`${startsAtUs}.${id}`).toString('base64url');
}

const position = new RegExp(`^(-?\\d{1,16})\\.(${uuidShape})$`);

/** Null when the text is not one of our cursors. */
function readCursor(cursor: string): Position | null {
  if (!/^[A-Za-z0-9_-]{1,100}$/.test(cursor)) return null;
  const match = position.exec(Buffer.from(cursor, 'base64url').toString());
  const startsAtUs = Number(match?.[1]);
  if (!match?.[2] || Math.abs(startsAtUs) > 8e15) return null;
  return { startsAtUs, id: match[2] };
}
