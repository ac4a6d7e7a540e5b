import type { Knex } from 'knex';
import { isStaff, type Viewer } from '../accounts/index.ts';
import type { Database } from '../db/knex.ts';
import { prepare, type Statements } from '../db/statements.ts';
import { foundIds, readSearch, type Search } from '../db/search.ts';
import { uuidShape } from '../lib/uuid.ts';
import { onlyVisible } from './booking.access.ts';
import { detailFilters, filterValue, type DetailFilters } from './booking.details.ts';
import { selectBookings, toBooking } from './booking.repository.ts';
import type { Booking, BookingStatus, Progress } from './booking.ts';

export interface BookingListQuery extends DetailFilters {
  status?: BookingStatus;
  progress?: Progress;
  specialistId?: string;
  /** Words in any order, of the examinee, the reference, the claim number, the specialist and the organisation. */
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

/**
 * The query behind the list page and GET /bookings: newest examination first, in a search those with exactly its words
 * before all others; keyset pagination.
 */
export interface BookingList {
  page(viewer: Viewer, query: BookingListQuery): Promise<BookingListPage | 'bad_cursor'>;
}

export function createBookingList({ db, statements }: { db: Database; statements: Statements }): BookingList {
  return {
    async page(viewer, query) {
      const after = query.cursor === undefined ? null : readCursor(query.cursor);
      const search = query.q?.trim() ? await readSearch(db, query.q, organizationOf(viewer)) : null;
      if (query.cursor !== undefined && (!after || (after.part === 'others' && !search))) return 'bad_cursor';
      const rows: CursorRow[] = [];
      for (const part of search ? searchParts : allParts) {
        const missing = query.limit + 1 - rows.length;
        if (missing === 0 || (after && searchParts.indexOf(after.part) > searchParts.indexOf(part))) continue;
        const from = after?.part === part ? after : null;
        const found: Omit<CursorRow, 'part'>[] =
          !search && !from && !isFiltered(query)
            ? await firstOf({ db, statements }, viewer, missing)
            : await inOrder(db, viewer, missing).whereIn(
                'b.id',
                idsOf(db, viewer, query, { search, part, from, limit: missing }),
              );
        rows.push(...found.map((row) => ({ ...row, part })));
      }
      const shown = rows.slice(0, query.limit);
      const last = shown.at(-1);
      return {
        bookings: shown.map(toBooking),
        nextCursor: rows.length > query.limit && last ? writeCursor(last) : null,
      };
    },
  };
}

/**
 * The ids of the page's rows, chosen before names are joined to them: PostgreSQL misjudges how many rows conditions on days
 * and words leave, and would join all of them.
 */
function idsOf(
  db: Database,
  viewer: Viewer,
  query: BookingListQuery,
  { search, part, from, limit }: { search: Search | null; part: Part; from: Position | null; limit: number },
): Query {
  const narrow = (rows: Query): void =>
    void rows
      .modify(onlyVisible, viewer, 'b.organization_id')
      .modify(filtered, query)
      .modify(startingAfter, from);
  if (search) return foundIds(db, searchedBookings, search, part, limit, narrow);
  return db('bookings as b').select('b.id').modify(narrow).orderByRaw(searchedBookings.order).limit(limit);
}

/** The limit is part of the order: knex's limit() drops the placeholder of a prepared statement. */
function inOrder(db: Database, viewer: Pick<Viewer, 'role' | 'organization'>, limit: number) {
  return selectBookings(db)
    .select<Omit<CursorRow, 'part'>[]>(
      db.raw('(extract(epoch from b.starts_at) * 1000000)::bigint as starts_at_us'),
    )
    .modify(onlyVisible, viewer, 'b.organization_id')
    .orderByRaw(`${searchedBookings.order} limit ?`, [limit]);
}

// The page that is read most: the first, without filters.
const firstOfAll = prepare<Omit<CursorRow, 'part'>, { limit: number }>(
  'first of all bookings',
  (db, { limit }) => inOrder(db, { role: 'support', organization: null }, limit),
);
const firstOfOrganization = prepare<Omit<CursorRow, 'part'>, { id: string; limit: number }>(
  'first bookings of an organisation',
  (db, { id, limit }) => inOrder(db, { role: 'referrer', organization: { id, name: '' } }, limit),
);

async function firstOf(
  deps: { db: Database; statements: Statements },
  viewer: Viewer,
  limit: number,
): Promise<Omit<CursorRow, 'part'>[]> {
  if (isStaff(viewer)) return firstOfAll(deps, { limit });
  return viewer.organization ? firstOfOrganization(deps, { id: viewer.organization.id, limit }) : [];
}

/** Of viewers who see one organisation only. */
function organizationOf(viewer: Viewer): string | undefined {
  return isStaff(viewer) ? undefined : viewer.organization?.id;
}

/**
 * The parts of a search's result, one after the other: bookings that have each word exactly, then all others that are
 * found. Each is newest first, and is read through the indexes that suit it.
 */
const searchParts = ['exact', 'others'] as const;
const allParts = ['exact'] as const;
type Part = (typeof searchParts)[number];

/** Where a booking's words are. */
export const searchedBookings = {
  from: 'bookings b',
  id: 'b.id',
  words: 'b.search_text',
  lexemes: 'b.search_lexemes',
  specialist: 'b.specialist_id',
  organization: 'b.organization_id',
  order: 'b.starts_at desc, b.id desc',
};

type CursorRow = Parameters<typeof toBooking>[0] & { starts_at_us: number; part: Part };
type Query = Knex.QueryBuilder;

function isFiltered({ cursor: _cursor, limit: _limit, q: _q, ...filters }: BookingListQuery): boolean {
  return Object.values(filters).some((wanted) => wanted !== undefined);
}

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
}

interface Position {
  startsAtUs: number;
  id: string;
  part: Part;
}

function startingAfter(rows: Query, after: Position | null): void {
  if (!after) return;
  void rows.whereRaw(
    `(b.starts_at, b.id) < (timestamptz 'epoch' + ?::bigint * interval '1 microsecond', ?::uuid)`,
    [after.startsAtUs, after.id],
  );
}

function writeCursor({ starts_at_us: startsAtUs, id, part }: CursorRow): string {
  return Buffer.from(`${startsAtUs}.${id}${part === 'others' ? '.others' : ''}`).toString('base64url');
}

const position = new RegExp(`^(-?\\d{1,16})\\.(${uuidShape})(\\.others)?$`);

/** Null when the text is not one of our cursors. */
function readCursor(cursor: string): Position | null {
  if (!/^[A-Za-z0-9_-]{1,100}$/.test(cursor)) return null;
  const match = position.exec(Buffer.from(cursor, 'base64url').toString());
  const startsAtUs = Number(match?.[1]);
  if (!match?.[2] || Math.abs(startsAtUs) > 8e15) return null;
  return { startsAtUs, id: match[2], part: match[3] ? 'others' : 'exact' };
}
