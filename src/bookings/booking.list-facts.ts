// What a page of the list shows beside its rows: how many bookings each tab has, and what in these rows needs the viewer.
// One statement reads it, and counts no further than the page shows. For the first page without filters, as people open it,
// the same statement also reads the rows.
import { isStaff, type Viewer } from '../accounts/index.ts';
import type { Statement, Statements } from '../db/statements.ts';
import { needsSql, type NeedsAsked } from './booking.needs.ts';
import { mostCounted, needsOfOne, toNeeds, type Need } from './booking.needs-list.ts';
import type { ListTab } from './booking.tabs.ts';
import type { Booking } from './booking.ts';

export type CountedTab = Exclude<ListTab, 'all'>;

export interface ListFacts {
  /** Staff have no tab "Needs you", because needs are those of referrers. */
  counts: Record<CountedTab, number>;
  /** The needs of each row, by the booking's id. */
  needs: Map<string, Need[]>;
}

export interface ListMoment {
  now: Date;
  /** Which day it is for the reader, `YYYY-MM-DD`. */
  today: string;
}

/** Beside these rows. */
export async function readListFacts(
  statements: Statements,
  viewer: Viewer,
  { now, today }: ListMoment,
  bookingIds: string[],
): Promise<ListFacts> {
  const rows = isStaff(viewer)
    ? await statements.rows<FactsRow>(factsOfStaff, [now, today])
    : await statements.rows<FactsRow>(factsOfReferrer, [now, today, bookingIds, ...whoOf(viewer)]);
  return factsOf(rows);
}

/** What a row of the list shows. */
export type ListedBooking = Pick<
  Booking,
  | ('id' | 'reference' | 'startsAt' | 'durationMinutes' | 'timezone' | 'type' | 'status' | 'currentProgress')
  | ('detailsNeeded' | 'claimNumber')
> & {
  examinee: Pick<Booking['examinee'], 'firstName' | 'lastName' | 'phone'>;
  specialist: Pick<Booking['specialist'], 'name' | 'specialty'>;
  organization: { name: string } | null;
  createdBy: { name: string } | null;
};

export interface FirstRow {
  id: string;
  section: 'next' | 'past';
  starts_at_us: number;
  listed: ListedBooking;
}

/** The columns of `listed` except the time. */
const listedColumns = [
  ...['b.id', 'b.reference', 'b.duration_minutes', 'b.timezone', 'b.type', 'b.status', 'b.current_progress'],
  ...[
    'b.details_needed',
    'b.claim_number',
    'b.examinee_first_name',
    'b.examinee_last_name',
    'b.examinee_phone',
  ],
  ...['s.name as specialist_name', 's.specialty', 'cb.name as created_by_name'],
].join(', ');

interface ListedRow extends Omit<FirstRow, 'listed'> {
  reference: string;
  duration_minutes: number;
  timezone: string;
  type: Booking['type'];
  status: Booking['status'];
  current_progress: Booking['currentProgress'];
  details_needed: boolean;
  claim_number: string | null;
  examinee_first_name: string;
  examinee_last_name: string;
  examinee_phone: string;
  specialist_name: string;
  specialty: string;
  /** Only for staff: referrers see only the bookings of their own organisation. */
  organization_name?: string | null;
  created_by_name: string | null;
}

function toFirstRow(row: ListedRow, viewer: Viewer): FirstRow {
  const { organization_name: organization = viewer.organization?.name ?? null, created_by_name: referrer } =
    row;
  return {
    id: row.id,
    section: row.section,
    starts_at_us: row.starts_at_us,
    listed: {
      id: row.id,
      reference: row.reference,
      startsAt: new Date(row.starts_at_us / 1_000),
      durationMinutes: row.duration_minutes,
      timezone: row.timezone,
      type: row.type,
      status: row.status,
      currentProgress: row.current_progress,
      detailsNeeded: row.details_needed,
      claimNumber: row.claim_number,
      examinee: {
        firstName: row.examinee_first_name,
        lastName: row.examinee_last_name,
        phone: row.examinee_phone,
      },
      specialist: { name: row.specialist_name, specialty: row.specialty },
      organization: organization === null ? null : { name: organization },
      createdBy: referrer === null ? null : { name: referrer },
    },
  };
}

/** The first rows of the tab All (upcoming examinations, soonest first, then past ones, latest first), and their facts. */
export async function readFirstRows(
  statements: Statements,
  viewer: Viewer,
  { now, today }: ListMoment,
  limit: number,
): Promise<{ rows: FirstRow[]; facts: ListFacts }> {
  const rows = isStaff(viewer)
    ? await statements.rows<FactsRow & ListedRow>(firstOfStaff, [now, today, limit])
    : await statements.rows<FactsRow & ListedRow>(firstOfReferrer, [now, today, limit, ...whoOf(viewer)]);
  const filled = rows.filter(({ id }) => id !== null);
  return { rows: filled.map((row) => toFirstRow(row, viewer)), facts: factsOf(rows) };
}

function whoOf(viewer: Viewer): [organizationId: string | null, userId: string] {
  return [viewer.organization?.id ?? null, viewer.userId];
}

/** A row for each booking with needs, or for each row of the list; a single row without a booking when there is none. */
interface FactsRow extends Record<CountedTab, number> {
  id: string | null;
  needs: string | null;
}

function factsOf(rows: FactsRow[]): ListFacts {
  const [row] = rows;
  if (!row) throw new Error('Counting returned no row');
  const { today, upcoming, past, needs_you } = row;
  return {
    counts: { today, upcoming, past, needs_you },
    needs: new Map(rows.flatMap(({ id, needs }) => (id && needs ? [[id, toNeeds(needs)]] : []))),
  };
}

// The values are subqueries, which the planner makes no estimates by. Otherwise it would expect a plan of each viewer's own
// to be cheaper, and plan at each request, which takes longer than carrying the statement out.
const given = {
  now: '(select $1::timestamptz)',
  today: '(select $2::date)',
  organizationId: '(select $4::uuid)',
  userId: '(select $5::uuid)',
} as const satisfies NeedsAsked & Record<string, string>;
const ofOrganization = `b.organization_id = ${given.organizationId}`;

/** The filters of the tabs (booking.tabs.ts). Past examinations are counted in order, so that PostgreSQL reads an index. */
const counted = (visible: string) => {
  const few = (condition: string) =>
    `(select count(*)::integer from (select from bookings b where ${visible} and ${condition} limit ${mostCounted}) few)`;
  const { now, today } = given;
  return `
    ${few(`b.status = 'active' and b.starts_at >= ${today} - interval '1 day' and b.starts_at < ${today} + interval '2 days'
      and (b.starts_at at time zone b.timezone)::date = ${today}`)} as today,
    ${few(`b.status = 'active' and b.starts_at >= ${now}`)} as upcoming,
    ${few(`b.starts_at < ${now} order by b.starts_at desc, b.id desc`)} as past`;
};

// The needs of the organisation's bookings are read once, and serve both the count and the rows.
const found = `found as materialized (${needsSql(given)})`;
const needsYou = `(select least(count(distinct booking_id), ${mostCounted})::integer from found where is_mine)`;
/** Of colleagues' bookings only what is due is read. @param ids SQL: an array of the bookings that are shown */
const needsOf = (ids: string) => `
  select booking_id, ${needsOfOne} as needs from found
  where booking_id = any(${ids}) and (is_mine or due_on is not null) group by booking_id`;

const countsOfReferrer = `select ${counted(ofOrganization)}, ${needsYou} as needs_you`;
const countsOfStaff = `select ${counted('true')}, 0 as needs_you`;

const factsOfReferrer: Statement = {
  name: 'facts of a referrer’s list',
  text: `
    with ${found}
    select counts.*, n.booking_id as id, n.needs
    from (${countsOfReferrer}) counts left join (${needsOf('(select $3::uuid[])::uuid[]')}) n on true`,
};

const factsOfStaff: Statement = {
  name: 'facts of the list of staff',
  text: `select counts.*, null as id, null as needs from (${countsOfStaff}) counts`,
};

/**
 * The ids of the first rows, chosen through an index. They are an array, of which the planner expects few elements. When it
 * does not know `limit`, it expects a tenth of the table instead, and would read all of it.
 */
const chosen = (visible: string) => `
    ahead as materialized (
      select b.id from bookings b where ${visible} and b.starts_at >= ${given.now}
      order by b.starts_at, b.id limit (select $3::integer)),
    chosen as materialized (
      select array(select id from ahead) || array(
        select b.id from bookings b where ${visible} and b.starts_at < ${given.now}
        order by b.starts_at desc, b.id desc limit (select $3::integer - count(*) from ahead)) as ids)`;
const chosenIds = '(select ids from chosen)::uuid[]';

const isAhead = `b.starts_at >= ${given.now}`;
/**
 * @param needs a join of `n`, over the bookings `b`
 * @param organization where its name is read
 */
const firstRows = (counts: string, needs: string, organization = { name: '', join: '' }) => `
    select ${listedColumns}, ${organization.name} case when ${isAhead} then 'next' else 'past' end as section,
      (extract(epoch from b.starts_at) * 1000000)::bigint as starts_at_us, counts.*, n.needs
    from (${counts}) counts left join (bookings b
      join specialists s on s.id = b.specialist_id
      ${organization.join}
      left join users cb on cb.id = b.created_by_id
      ${needs}) on b.id = any(${chosenIds})
    order by ${isAhead} desc, case when ${isAhead} then b.starts_at end, case when ${isAhead} then b.id end,
      b.starts_at desc, b.id desc`;

const firstOfReferrer: Statement = {
  name: 'first rows of a referrer’s list',
  text: `
    with ${found}, ${chosen(ofOrganization)}
    ${firstRows(countsOfReferrer, `left join (${needsOf(chosenIds)}) n on n.booking_id = b.id`)}`,
};

const firstOfStaff: Statement = {
  name: 'first rows of the list of staff',
  text: `
    with ${chosen('true')}
    ${firstRows(countsOfStaff, 'cross join (select null::text as needs) n', {
      name: 'o.name as organization_name,',
      join: 'left join organizations o on o.id = b.organization_id',
    })}`,
};
