// The first page of the morning: what is on today, what came in, what waits for somebody.
import type { Role } from '../accounts/index.ts';
import type { Database } from '../db/knex.ts';
import { mayRead } from './table.ts';
import { selectRows } from './table.query.ts';
import { tableOf } from './tables.ts';

export interface Dashboard {
  today: {
    id: string;
    reference: string;
    startsAt: string;
    timezone: string;
    specialist: string;
    progress: string;
  }[];
  /** The last twelve weeks, oldest first; `week` is its Monday. */
  weeks: { week: string; portal: number; acuity_direct: number }[];
  waiting: { label: string; count: number; href: string; repair: string }[];
  tools: { label: string; href: string }[];
}

interface Waiting {
  label: string;
  table: string;
  /** The list behind the number: counted as it is listed. */
  filters: Record<string, string>;
  repair: string;
}

const waitings: readonly Waiting[] = [
  {
    ...{ label: 'Bookings without an organisation', table: 'bookings' },
    ...{ filters: { assigned: 'false', status: 'active' }, repair: 'Assign each to its referrer' },
  },
  {
    ...{ label: 'Bookings that lack details', table: 'bookings' },
    ...{ filters: { detailsNeeded: 'true', status: 'active' }, repair: 'Fill in the examinee’s details' },
  },
  {
    ...{ label: 'Webhooks given up', table: 'webhook-events' },
    ...{ filters: { state: 'dead' }, repair: 'Replay them' },
  },
  {
    ...{ label: 'Differences from Acuity left', table: 'drift-items' },
    ...{ filters: { stands: 'true' }, repair: 'Look why, then reconcile' },
  },
  {
    ...{ label: 'E-mails that failed', table: 'emails' },
    ...{ filters: { status: 'failed' }, repair: 'Send them again' },
  },
  {
    ...{ label: 'Infected files', table: 'documents' },
    ...{ filters: { status: 'infected', isDeleted: 'false' }, repair: 'Ask the uploader for a clean copy' },
  },
  {
    ...{ label: 'Damaged or missing files', table: 'custody-reports' },
    ...{ filters: { needsCare: 'true' }, repair: 'See docs/documents.md, Custody' },
  },
  {
    ...{ label: 'Jobs given up', table: 'failed-jobs' },
    ...{ filters: { isOver: 'true' }, repair: 'Run them again' },
  },
];

const tools = [
  { label: 'Why can’t they see it?', href: '/admin/access-check', who: 'staff' },
  { label: 'Act as a referrer', href: '/admin/act-as', who: 'admin' },
  { label: 'What was done in referrers’ names', href: '/admin/episodes', who: 'admin' },
  { label: 'Merge records', href: '/admin/merges', who: 'admin' },
  { label: 'People, organisations and invitations', href: '/account/people', who: 'admin' },
] as const;

export async function readDashboard(db: Database, role: Role): Promise<Dashboard> {
  const mine = waitings.filter(({ table: id }) => {
    const table = tableOf(id);
    return table !== null && mayRead(role, table);
  });
  const [today, weeks, waiting] = await Promise.all([
    rowsOf<Dashboard['today'][number]>(
      db,
      `select b.id, b.reference, b.starts_at as "startsAt", b.timezone, s.name as specialist,
              b.current_progress as progress
       from bookings b join specialists s on s.id = b.specialist_id
       where b.starts_at between now() - interval '1 day' and now() + interval '1 day' and b.status <> 'cancelled'
         and (b.starts_at at time zone b.timezone)::date = (now() at time zone b.timezone)::date
       order by b.starts_at limit 100`,
    ),
    rowsOf<Dashboard['weeks'][number]>(
      db,
      `select to_char(w, 'YYYY-MM-DD') as week,
              count(b.id) filter (where b.source = 'portal')::int as portal,
              count(b.id) filter (where b.source = 'acuity_direct')::int as acuity_direct
       from generate_series(date_trunc('week', now()) - interval '11 weeks', date_trunc('week', now()), '1 week') w
       left join bookings b on b.created_at >= w and b.created_at < w + interval '1 week'
       group by w order by w`,
    ),
    Promise.all(mine.map((one) => countOf(db, one))),
  ]);
  return {
    ...{ today, weeks },
    tools: tools
      .filter(({ who }) => role === 'admin' || who === 'staff')
      .map(({ label, href }) => ({ label, href })),
    waiting: mine.map(({ label, table, filters, repair }, index) => ({
      ...{ label, repair },
      count: waiting[index] ?? 0,
      href: `/admin/resources/${table}?${queryOf(filters)}`,
    })),
  };
}

async function countOf(db: Database, { table, filters }: Waiting): Promise<number> {
  const found = tableOf(table);
  if (!found) return 0;
  const row = (await selectRows(db, found, filters).count('* as total').first()) as
    | { total: number }
    | undefined;
  return row?.total ?? 0;
}

function queryOf(filters: Waiting['filters']): string {
  return Object.entries(filters)
    .map(([name, value]) => `filters.${name}=${value}`)
    .join('&');
}

async function rowsOf<Row>(db: Database, sql: string): Promise<Row[]> {
  const { rows } = await db.raw<{ rows: Row[] }>(sql);
  return rows;
}
