import type { Knex } from 'knex';
import { auditActor, isStaff, type Actor, type Viewer } from '../accounts/index.ts';
import type { AuditLog } from '../audit/index.ts';
import type { Database } from '../db/knex.ts';
import type { Statement, Statements } from '../db/statements.ts';
import { foundIds, readSearch, type Search } from '../db/search.ts';
import { uuidShape } from '../lib/uuid.ts';
import type { Clock } from '../ports/clock.ts';
import { onlyVisible } from './booking.access.ts';
import { detailFilters, filterValue, type DetailFilters } from './booking.details.ts';
import {
  bookingColumns,
  namedBookings,
  selectBookings,
  toBooking,
  type BookingRow,
} from './booking.repository.ts';
import { readFirstRows, readListFacts, type ListedBooking, type ListFacts } from './booking.list-facts.ts';
import { inTab, onDays, sectionsOf, type Direction, type ListTab, type Section } from './booking.tabs.ts';
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
  /** Unset: everything, newest examination first. */
  tab?: ListTab;
  /** Which day is today for the reader, `YYYY-MM-DD`; needed for the tab Today. */
  today?: string;
  cursor?: string;
  limit: number;
}

export type WholeListQuery = Omit<BookingListQuery, 'limit' | 'cursor'>;

export interface BookingListPage {
  bookings: Booking[];
  /** Opaque; null on the last page. */
  nextCursor: string | null;
}

/** A page for people. */
export interface ShownList {
  bookings: ListedBooking[];
  nextCursor: string | null;
  facts: ListFacts;
}

/**
 * Reads the list page and GET /bookings: the newest examination first, or in the order of the tab (booking.tabs.ts). A
 * search lists bookings that have exactly its words before all others. Pages are found by keyset pagination.
 */
export interface BookingList {
  page(viewer: Viewer, query: BookingListQuery): Promise<BookingListPage | 'bad_cursor'>;
  recordExport(actor: Actor, query: WholeListQuery): Promise<void>;
  /** Every booking of the query, page by page, however long that takes. */
  pages(viewer: Viewer, query: WholeListQuery): AsyncGenerator<Booking[]>;
  /** The page, and what it shows beside its rows. */
  pageWithFacts(
    viewer: Viewer,
    query: BookingListQuery & { today: string },
  ): Promise<ShownList | 'bad_cursor'>;
  /** What a page shows beside these rows. @param today the reader's day */
  facts(viewer: Viewer, today: string, bookingIds: string[]): Promise<ListFacts>;
}

export interface ListDeps {
  db: Database;
  statements: Statements;
  clock: Clock;
  audit: AuditLog;
}

const exportedAtOnce = 200;

export function createBookingList(deps: ListDeps): BookingList {
  const { db, clock } = deps;
  const list: BookingList = {
    async page(viewer, query) {
      const now = clock.now();
      const search = query.q?.trim() ? await readSearch(db, query.q, organizationOf(viewer)) : null;
      const sections = sectionsOf(query.tab, search !== null);
      const after = query.cursor === undefined ? null : readCursor(query.cursor, sections);
      if (query.cursor !== undefined && !after) return 'bad_cursor';
      return pageOf(
        after || search || query.tab !== undefined || isFiltered(query)
          ? await rowsOf(db, viewer, query, { sections, search, after, now })
          : await newestOf(deps, viewer, query.limit + 1),
        query.limit,
        toBooking,
      );
    },

    async pageWithFacts(viewer, query) {
      const { tab, today, cursor, limit } = query;
      if (tab === 'all' && cursor === undefined && !query.q?.trim() && !isFiltered(query)) {
        const moment = { now: clock.now(), today };
        const { rows, facts } = await readFirstRows(deps.statements, viewer, moment, limit + 1);
        return { ...pageOf(rows, limit, ({ listed }) => listed), facts };
      }
      const page = await list.page(viewer, query);
      if (page === 'bad_cursor') return page;
      const ids = page.bookings.map(({ id }) => id);
      return { ...page, facts: await list.facts(viewer, today, ids) };
    },

    facts: (viewer, today, bookingIds) =>
      readListFacts(deps.statements, viewer, { now: clock.now(), today }, bookingIds),

    recordExport: (actor, query) =>
      // Records only the names of filters: a value may be an examinee's name.
      deps.audit.record(db, auditActor(actor), {
        action: 'records.exported',
        resourceType: 'list',
        resourceId: '/bookings/export.csv',
        metadata: { table: 'bookings', filteredBy: namesOf(query) },
      }),

    pages: (viewer, query) => pagesOf(list, viewer, query),
  };
  return list;
}

/** @param rows one more than the page shows, if there are more */
function pageOf<Row extends Place, Shown>(
  rows: Row[],
  limit: number,
  toShown: (row: Row) => Shown,
): { bookings: Shown[]; nextCursor: string | null } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    bookings: shown.map(toShown),
    nextCursor: rows.length > limit && last ? writeCursor(last) : null,
  };
}

function namesOf(query: object): string[] {
  return Object.entries(query)
    .filter(([, value]) => value !== undefined)
    .map(([name]) => name);
}

/** Reads each page by a statement of its own, so that no snapshot is held while a slow client reads. */
async function* pagesOf(
  list: Pick<BookingList, 'page'>,
  viewer: Viewer,
  query: WholeListQuery,
): AsyncGenerator<Booking[]> {
  let cursor: string | undefined;
  do {
    const found = await list.page(viewer, { ...query, limit: exportedAtOnce, cursor });
    if (found === 'bad_cursor') throw new Error('The list refused its own cursor');
    yield found.bookings;
    cursor = found.nextCursor ?? undefined;
  } while (cursor !== undefined);
}

interface Wanted {
  sections: Section[];
  search: Search | null;
  after: Position | null;
  now: Date;
}

/** Reads one section after the other, until there is one row more than the page shows. */
async function rowsOf(
  db: Database,
  viewer: Viewer,
  query: BookingListQuery,
  { sections, search, after, now }: Wanted,
): Promise<CursorRow[]> {
  const rows: CursorRow[] = [];
  const first = sections.findIndex(({ name }) => name === (after?.section ?? name));
  for (const section of sections.slice(first)) {
    const missing = query.limit + 1 - rows.length;
    if (missing === 0) break;
    const from = after?.section === section.name ? after : null;
    const ids = idsOf(db, viewer, query, { section, search, from, now, limit: missing });
    const found: FoundRow[] = await selectBookings(db)
      .select<FoundRow[]>(db.raw(microseconds))
      // PostgreSQL plans `= any` in half the time of `in`.
      .whereRaw('b.id = any(array(?))', [ids])
      .orderByRaw(orders[section.direction]);
    rows.push(...found.map((row) => ({ ...row, section: section.name })));
  }
  return rows;
}

/**
 * The ids of the page's rows, chosen before names are joined to them. PostgreSQL misjudges how many rows remain after
 * conditions on days and words, and would join the names to all of them.
 */
function idsOf(
  db: Database,
  viewer: Viewer,
  query: BookingListQuery,
  chosen: { section: Section; search: Search | null; from: Position | null; now: Date; limit: number },
): Query {
  const { section, search, from, now, limit } = chosen;
  const order = orders[section.direction];
  const narrow = (rows: Query): void =>
    void rows
      .modify(onlyVisible, viewer, 'b.organization_id')
      .modify(inTab, viewer, query, now)
      .modify(inSpan, section.span, now)
      .modify(filtered, query)
      .modify(startingAfter, section.direction, from);
  if (search && section.found)
    return foundIds(db, { ...searchedBookings, order }, search, section.found, limit, narrow);
  return db('bookings as b').select('b.id').modify(narrow).orderByRaw(order).limit(limit);
}

function inSpan(rows: Query, span: Section['span'], now: Date): void {
  if (span) void rows.where('b.starts_at', span === 'next' ? '>=' : '<', now);
}

const orders: Record<Direction, string> = {
  asc: 'b.starts_at, b.id',
  desc: 'b.starts_at desc, b.id desc',
};

const microseconds = '(extract(epoch from b.starts_at) * 1000000)::bigint as starts_at_us';

type FoundRow = Omit<CursorRow, 'section'>;

// Reads the page that programs read most: the first one, without filters. (For people, booking.list-facts.ts does so.) Ids
// are chosen and values written as there, so that one plan serves every organisation.
const newest = (name: string, visible: string): Statement => ({
  name: `newest bookings ${name}`,
  text: `
    select ${bookingColumns.join(', ')}, ${microseconds}
    from ${namedBookings}
    where b.id = any(array(
      select b.id from bookings b where ${visible} order by ${orders.desc} limit (select $1::integer)))
    order by ${orders.desc}`,
});
const newestOfAll = newest('of all', 'true');
const newestOfOrganization = newest('of an organisation', 'b.organization_id = (select $2::uuid)');

async function newestOf({ statements }: ListDeps, viewer: Viewer, limit: number): Promise<CursorRow[]> {
  const id = organizationOf(viewer);
  if (!isStaff(viewer) && id === undefined) return [];
  const rows =
    id === undefined
      ? await statements.rows<FoundRow>(newestOfAll, [limit])
      : await statements.rows<FoundRow>(newestOfOrganization, [limit, id]);
  return rows.map((row) => ({ ...row, section: 'exact' }));
}

/** The organisation that the viewer's list is limited to; undefined for staff, and for a referrer without one. */
function organizationOf(viewer: Viewer): string | undefined {
  return isStaff(viewer) ? undefined : viewer.organization?.id;
}

/** The columns and names in which the list's search looks for words. */
export const searchedBookings = {
  from: 'bookings b',
  ofOrganization: '(select * from bookings where organization_id = ?::uuid offset 0) b',
  id: 'b.id',
  words: 'b.search_text',
  lexemes: 'b.search_lexemes',
  specialist: 'b.specialist_id',
  organization: 'b.organization_id',
  order: orders.desc,
};

/** The position of a row in the list, which a cursor holds. */
interface Place {
  id: string;
  starts_at_us: number;
  section: Section['name'];
}

type CursorRow = BookingRow & Place;
type Query = Knex.QueryBuilder;

function isFiltered({
  cursor: _cursor,
  limit: _limit,
  q: _q,
  tab: _tab,
  today: _today,
  ...filters
}: BookingListQuery): boolean {
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
  void rows.modify(onDays, query);
}

interface Position {
  startsAtUs: number;
  id: string;
  section: Section['name'];
}

function startingAfter(rows: Query, direction: Direction, after: Position | null): void {
  if (!after) return;
  void rows.whereRaw(
    `(b.starts_at, b.id) ${direction === 'asc' ? '>' : '<'} (timestamptz 'epoch' + ?::bigint * interval '1 microsecond', ?::uuid)`,
    [after.startsAtUs, after.id],
  );
}

function writeCursor({ starts_at_us: startsAtUs, id, section }: Place): string {
  return Buffer.from(`${startsAtUs}.${id}${section === 'exact' ? '' : `.${section}`}`).toString('base64url');
}

const position = new RegExp(`^(-?\\d{1,16})\\.(${uuidShape})(?:\\.([a-z]+))?$`);

/** Null when the text is not one of our cursors, or one of a list with other sections. */
function readCursor(cursor: string, sections: Section[]): Position | null {
  if (!/^[A-Za-z0-9_-]{1,100}$/.test(cursor)) return null;
  const [, us, id, name = 'exact'] = position.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  const section = sections.find((one) => one.name === name);
  const startsAtUs = Number(us);
  if (id === undefined || !section || Math.abs(startsAtUs) > 8e15) return null;
  return { startsAtUs, id, section: section.name };
}
