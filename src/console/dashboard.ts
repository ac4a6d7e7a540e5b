// The first page of the morning: what is on today, what came in, what waits for somebody.
import type { Role } from '../accounts/index.ts';
import type { Database } from '../db/knex.ts';
import { mayRead } from './table.ts';
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
  filter: string;
  repair: string;
  sql: string;
}

const waitings: readonly Waiting[] = [
  {
    ...{
      label: 'Bookings without an organisation',
      table: 'bookings',
      repair: 'Assign each to its referrer',
    },
    ...{ filter: 'filters.assigned=false&filters.status=active' },
    sql: `select count(*) from bookings where organization_id is null and status = 'active'`,
  },
  {
    ...{ label: 'Bookings that lack details', table: 'bookings', repair: 'Fill in the examinee’s details' },
    ...{ filter: 'filters.detailsNeeded=true&filters.status=active' },
    sql: `select count(*) from bookings where details_needed and status = 'active'`,
  },
  {
    ...{ label: 'Webhooks given up', table: 'webhook-events', repair: 'Replay them' },
    ...{ filter: 'filters.state=dead' },
    sql: `select count(*) from webhook_events where state = 'dead'`,
  },
  {
    ...{ label: 'Differences from Acuity left', table: 'drift-items', repair: 'Look why, then reconcile' },
    ...{ filter: 'filters.state=left' },
    sql: `select count(*) from drift_items where state = 'left'`,
  },
  {
    ...{ label: 'E-mails that failed', table: 'emails', repair: 'Send them again' },
    ...{ filter: 'filters.status=failed' },
    sql: `select count(*) from emails where status = 'failed' and account_link_id is null`,
  },
  {
    ...{ label: 'Infected files', table: 'documents', repair: 'Ask the uploader for a clean copy' },
    ...{ filter: 'filters.status=infected' },
    sql: `select count(*) from documents where status = 'infected' and deleted_at is null`,
  },
  {
    ...{ label: 'Jobs given up', table: 'failed-jobs', repair: 'Run them again' },
    ...{ filter: 'filters.isOver=true' },
    sql: 'select count(*) from graphile_worker.jobs where last_error is not null and attempts >= max_attempts',
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
  const counts = mine.map(({ sql }, index) => `(${sql})::int as "${index}"`).join(', ');
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
    rowsOf<Record<string, number>>(db, `select ${counts}`),
  ]);
  return {
    ...{ today, weeks },
    tools: tools
      .filter(({ who }) => role === 'admin' || who === 'staff')
      .map(({ label, href }) => ({ label, href })),
    waiting: mine.map(({ label, table, filter, repair }, index) => ({
      ...{ label, repair },
      count: waiting[0]?.[String(index)] ?? 0,
      href: `/admin/resources/${table}?${filter}`,
    })),
  };
}

async function rowsOf<Row>(db: Database, sql: string): Promise<Row[]> {
  const { rows } = await db.raw<{ rows: Row[] }>(sql);
  return rows;
}
