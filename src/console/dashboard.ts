// The console's first page: today's examinations, what needs attention, new bookings. Every number is counted by the
// filters of the list it links to, for the same days in the same zone.
import type { Role } from '../accounts/index.ts';
import { countLatePaperwork, isPaperworkRefreshing, type Booking } from '../bookings/index.ts';
import type { Database } from '../db/knex.ts';
import { dayIn } from '../lib/dates.ts';
import type { MappingAttention } from '../questions/index.ts';
import type { ConnectionState, NextStep } from '../sync/index.ts';
import { systemNotices } from './dashboard.system.ts';
import {
  connectionNotices,
  paperworkNotices,
  questionNotices,
  setUpNotices,
  attentionLists,
  type Attention,
  type AttentionList,
} from './dashboard.attention.ts';
import { readBooked } from './figures.ts';
import { listOf, queryOf } from './links.ts';
import { isFor, type Table, type Who } from './table.ts';
import { countRows, selectRows, type Filters } from './table.query.ts';
import { tableNamed } from './tables.ts';

export type Dashboard = Awaited<ReturnType<typeof readDashboard>>;

const tools = [
  tool('Figures', '/admin/figures', 'staff', 'Bookings, reports, load and delays, drawn'),
  tool('Check access', '/admin/access-check', 'staff', 'Find out why access was refused'),
  tool('Paperwork', '/admin/paperwork', 'staff', 'Who is late with documents, and the rules'),
  tool('Act as a referrer', '/admin/act-as', 'admin', 'See and do what the referrer can'),
  tool('What was done while acting', '/admin/episodes', 'admin', 'Every episode, with its reason'),
  tool('Acuity connection', '/admin/acuity', 'admin', 'Whether Acuity’s webhooks reach us', 'webhook-events'),
  tool(
    'Acuity questions',
    '/admin/acuity-questions',
    'admin',
    'Which question in Acuity holds which detail',
    'webhook-events',
  ),
  tool('System check', '/admin/doctor', 'admin', 'Check the set-up, and what to fix', 'failed-jobs'),
  tool('Merge records', '/admin/merges', 'admin', 'Join duplicate referrers or organisations'),
  tool('People, organisations and invitations', '/account/people', 'admin', 'Invite people, change roles'),
];

/** @param beside the list in whose group the menu shows it as well */
function tool(label: string, href: string, who: Who, about: string, beside?: string) {
  return { label, href, who, about, beside };
}

export function pagesBeside({ id }: Table, role: Role): { label: string; href: string }[] {
  const shown = tools.filter((one) => one.beside === id && isFor(role, one));
  return shown.map(({ label, href }) => ({ label, href }));
}

interface TodayRow extends Pick<Booking, 'id' | 'reference' | 'timezone' | 'type' | 'currentProgress'> {
  startsAt: Date;
  specialist: string;
}

const shownToday = 8;

/**
 * @param reader their IANA zone, and when they read it
 * @param acuity what needs attention in the connection and in the questions (null: nothing, or not for this reader), and
 * what is to be set up first
 */
export async function readDashboard(
  db: Database,
  role: Role,
  { zone, now }: { zone: string; now: Date },
  acuity: {
    questions: MappingAttention | null;
    steps: readonly NextStep[];
    connection: Pick<ConnectionState, 'attention' | 'trouble'>;
  },
) {
  // Today in the reader's zone.
  const day = dayIn(now, zone);
  const readable = attentionLists.filter(({ table }) => isFor(role, tableNamed(table)));
  const today = await readToday(db, day);
  const weeks = await readBooked(db, day, zone);
  // In sequence: in parallel, two readers would take every connection of the pool.
  const attention: Attention[] = [
    ...(await systemNotices(db, role, now)),
    ...connectionNotices(acuity.connection, role),
    ...setUpNotices(acuity.steps),
  ];
  for (const list of readable) attention.push(await countAttention(db, role, list));
  const late = await countLatePaperwork(db, now);
  attention.push(...paperworkNotices(late, await isPaperworkRefreshing(db)));
  if (acuity.questions) attention.push(...questionNotices(acuity.questions));
  return { day, today, weeks, attention, tools: tools.filter((one) => isFor(role, one)) };
}

/** The earliest examination of a day. */
async function readToday(db: Database, day: string) {
  const filters: Filters = { startsAt: { from: day, to: day }, takesPlace: 'true' };
  const [count, rows] = await Promise.all([
    countRows(db, tableNamed('bookings'), filters),
    selectRows(db, tableNamed('bookings'), filters)
      .orderBy(['startsAt', 'id'])
      .limit(shownToday)
      .select<TodayRow[]>('id', 'reference', 'startsAt', 'timezone', 'specialist', 'type', 'currentProgress'),
  ]);
  return {
    count,
    rows,
    href: `${listOf('bookings', filters)}&sortBy=startsAt&direction=asc`,
  };
}

async function countAttention(db: Database, role: Role, list: AttentionList): Promise<Attention> {
  const { id, label, table, filters } = list;
  return {
    id,
    label,
    count: await countRows(db, tableNamed(table), filters),
    href: listOf(table, filters),
    repair: repairOf(list, role),
  };
}

function repairOf({ id, filters, repair }: AttentionList, role: Role): Attention['repair'] {
  const { label, unavailable = 'Ask an admin' } = repair;
  if (!isFor(role, repair)) return { label: unavailable, href: null };
  if ('bulk' in repair) return { label, href: null, bulk: { kind: repair.bulk, query: queryOf(filters) } };
  return { label, href: repair.next ? `/admin/next/${id}` : repair.href };
}
