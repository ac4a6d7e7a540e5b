// What a page of the list shows beside its rows: how many bookings are in each tab, and what of the rows needs the viewer.
// One statement, which counts no further than it shows.
import { isStaff, type Viewer } from '../accounts/index.ts';
import type { Statement, Statements } from '../db/statements.ts';
import { askedAs, needKinds, needsSql } from './booking.needs.ts';
import { askedValues, needsOfSome, toNeed, type Need, type NeedInJson } from './booking.needs-list.ts';
import type { ListTab } from './booking.tabs.ts';

export type CountedTab = Exclude<ListTab, 'all'>;

/** There are at least that many where a count is `mostCounted`. */
export const mostCounted = 100;

export interface ListFacts {
  /** Nothing needs staff: they have no such tab. */
  counts: Record<CountedTab, number>;
  /** By a booking's id. */
  needs: Map<string, Need[]>;
}

/** @param moment now, and which day it is for the reader */
export async function readListFacts(
  statements: Statements,
  viewer: Viewer,
  moment: { now: Date; today: string },
  bookingIds: string[],
): Promise<ListFacts> {
  const { now, today } = moment;
  const [row] = isStaff(viewer)
    ? await statements.rows<FactsRow>(ofStaff, [null, null, now, today])
    : await statements.rows<FactsRow>(ofReferrer, [...askedValues(viewer, now), today, bookingIds]);
  if (!row) throw new Error('Counting returned no row');
  const { needs, ...counts } = row;
  return { counts, needs: new Map(needs.map(({ id, of }) => [id, of.map(toNeed)])) };
}

interface FactsRow extends Record<CountedTab, number> {
  needs: { id: string; of: NeedInJson[] }[];
}

// As the tabs filter (booking.tabs.ts). The values are subqueries, so that the planner does not estimate by them: else it
// finds each viewer's own plan cheaper, and plans the statement anew at each request, which takes longer than it does.
const counted = (visible: string) => {
  const few = (condition: string) =>
    `(select count(*)::integer from (select from bookings b where ${visible}${condition} limit ${mostCounted}) few)`;
  return `
    ${few(`b.status = 'active' and b.starts_at >= (select $4::date) - interval '1 day' and b.starts_at < (select $4::date) + interval '2 days'
      and (b.starts_at at time zone b.timezone)::date = (select $4::date)`)} as today,
    ${few(`b.status = 'active' and b.starts_at >= (select $3::timestamptz)`)} as upcoming,
    ${few('b.starts_at < (select $3::timestamptz)')} as past`;
};

const needsOfMany = mostCounted * Object.keys(needKinds).length;

const ofReferrer: Statement = {
  name: 'facts of a referrer’s list',
  text: `
    select ${counted('b.organization_id = (select $1::uuid) and ')},
      (select least(count(distinct booking_id), ${mostCounted})::integer from (
        select booking_id from (${needsSql(askedAs)}) found where is_mine limit ${needsOfMany}) few) as needs_you,
      (select coalesce(json_agg(json_build_object('id', booking_id, 'of', needs)), '[]')
        from (${needsOfSome('$5::uuid[]')}) n) as needs`,
};

const ofStaff: Statement = {
  name: 'facts of the list of staff',
  // As the values of `askedValues`, of which staff have only the moment.
  text: `
    select ${counted('')}, 0 as needs_you, '[]'::json as needs where $1::uuid is null and $2::uuid is null`,
};
