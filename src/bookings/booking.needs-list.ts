// Reads for a screen: what needs a person.
import type { Knex } from 'knex';
import { isStaff, type Viewer } from '../accounts/index.ts';
import type { Statement, Statements } from '../db/statements.ts';
import { askedAs, needKinds, needsSql, type NeedKind, type NeedKindFacts } from './booking.needs.ts';
import { bookingColumns, instantSql, toBooking, type BookingRow } from './booking.repository.ts';
import type { Booking } from './booking.ts';

export interface Need {
  kind: NeedKind;
  words: string;
  tone: NeedKindFacts['tone'];
  part: string | null;
  /** The viewer has not seen it yet. */
  isNew: boolean;
  /** Since when; null for what is due. */
  at: Date | null;
  /** The last day, `YYYY-MM-DD` in the examination's zone; null for news. */
  dueOn: string | null;
}

export interface BookingWithNeeds {
  booking: Booking;
  needs: Need[];
}

/** `mine`: bookings that concern the viewer. `all`: those of the whole organisation. */
export type Whose = 'mine' | 'all';

/** Counting stops here: a count of `mostCounted` means at least that many. */
export const mostCounted = 100;

export interface FoundNeeds {
  /** What is late or due today first, then news, newest first, then what is due, earliest first. */
  bookings: BookingWithNeeds[];
  /** How many bookings need somebody, however many are listed; counted up to `mostCounted`. */
  counts: Record<Whose, number>;
}

type Asker = Pick<Viewer, 'userId' | 'role' | 'organization'>;

/** Referrers only: nothing needs staff in this sense. */
export interface BookingNeeds {
  list(viewer: Asker, now: Date, choice: { whose: Whose; limit: number }): Promise<FoundNeeds>;
}

const nobody: FoundNeeds = { bookings: [], counts: { mine: 0, all: 0 } };

export function createBookingNeeds({ statements }: { statements: Statements }): BookingNeeds {
  return {
    async list(viewer, now, { whose, limit }) {
      if (isStaff(viewer) || !viewer.organization) return nobody;
      const rows = await statements.rows<ListRow>(listStatement, [
        ...askedValues(viewer, now),
        whose === 'all',
        limit,
      ]);
      return {
        bookings: rows
          .filter(({ id }) => id !== null)
          .map((row) => ({ booking: toBooking(row), needs: toNeeds(row.needs) })),
        counts: { mine: rows[0]?.mine ?? 0, all: rows[0]?.of_all ?? 0 },
      };
    },
  };
}

/** For a query over bookings `b`: only those that need the viewer. */
export function onlyNeeding(rows: Knex.QueryBuilder, viewer: Asker, now: Date): void {
  const [organizationId, userId, at] = askedValues(viewer, now);
  const named = {
    organizationId: ':organizationId::uuid',
    userId: ':userId::uuid',
    now: ':now::timestamptz',
  };
  const sql = `b.id in (select booking_id from (${needsSql(named)}) mine where is_mine)`;
  void rows.whereRaw(sql, { organizationId, userId, now: at } as Record<string, Knex.RawBinding>);
}

export function askedValues(viewer: Asker, now: Date): unknown[] {
  return [viewer.organization?.id ?? null, viewer.userId, now];
}

/**
 * The needs of one booking, over rows of `needsSql` grouped by booking; read by `toNeeds`. They are a text, `message
 * 1764460800000,brief 2026-12-01`, because PostgreSQL takes several times as long to make JSON objects.
 */
export const needsOfOne = `string_agg(kind || ' ' || coalesce(due_on::text, (${instantSql('at')})::text), ',')`;

const listStatement: Statement = {
  name: 'needs of a referrer',
  text: `
    with found as materialized (${needsSql(askedAs)}),
    chosen as (
      select f.booking_id, ${needsOfOne} as needs,
        min(case when f.due_on <= ($3 at time zone b.timezone)::date then 0 when f.due_on is null then 1 else 2 end) as turn,
        min(f.due_on) as due_on, max(f.at) as at
      from found f join bookings b on b.id = f.booking_id
      where f.is_mine or $4::boolean
      group by f.booking_id),
    first_of_all as (
      select c.*, row_number() over (order by c.turn, c.due_on, c.at desc, b.starts_at, b.id) as place
      from chosen c join bookings b on b.id = c.booking_id
      order by place limit $5::integer)
    select ${bookingColumns.join(', ')}, n.needs, counts.mine, counts.of_all
    from (
      select least(count(distinct booking_id) filter (where is_mine), ${mostCounted})::integer as mine,
        least(count(distinct booking_id), ${mostCounted})::integer as of_all
      from found) counts
      left join first_of_all n on true
      left join bookings b on b.id = n.booking_id
      left join specialists s on s.id = b.specialist_id
      left join organizations o on o.id = b.organization_id
      left join users cb on cb.id = b.created_by_id
      left join users cf on cf.id = b.created_for_id
    order by n.place`,
};

interface ListRow extends BookingRow {
  needs: string;
  mine: number;
  of_all: number;
}

const kindsInOrder = Object.keys(needKinds) as NeedKind[];

/** @param needs the text that `needsOfOne` makes */
export function toNeeds(needs: string): Need[] {
  return needs
    .split(',')
    .map((need) => need.split(' ') as [kind: NeedKind, when: string])
    .toSorted(([a], [b]) => kindsInOrder.indexOf(a) - kindsInOrder.indexOf(b))
    .map(([kind, when]) => {
      const { words, tone, part, isNews } = needKinds[kind];
      const times = isNews ? { at: new Date(Number(when)), dueOn: null } : { at: null, dueOn: when };
      return { kind, words, tone, part, isNew: isNews, ...times };
    });
}
