// The first page of the morning: what is on today, what came in, what waits for somebody. Every number is counted as
// the list behind it lists, for the same days in the same zone.
import type { Role } from '../accounts/index.ts';
import { bookingSources, progressWords, type Booking } from '../bookings/index.ts';
import type { Database } from '../db/knex.ts';
import { dayIn, shiftDays, startOfDay } from '../lib/dates.ts';
import type { MappingAttention } from '../questions/index.ts';
import { typeWords } from '../specialists/index.ts';
import type { ConnectionAttention } from '../sync/index.ts';
import { sourceWords } from './columns.ts';
import { systemNotices } from './dashboard.system.ts';
import {
  connectionNotices,
  questionNotices,
  attentionLists,
  type AttentionList,
} from './dashboard.attention.ts';
import { mayRead } from './table.ts';
import { countRows, selectRows, type Filters } from './table.query.ts';
import { tableOf } from './tables.ts';

export interface Dashboard {
  /** The reader's, `YYYY-MM-DD`. */
  day: string;
  today: {
    count: number;
    href: string;
    /** The first of them by the clock. */
    rows: {
      id: string;
      reference: string;
      startsAt: string;
      timezone: string;
      specialist: string;
      type: string;
      currentProgress: string;
      /** `type` and `currentProgress` as they read. */
      typeWords: string;
      progressWords: string;
    }[];
  };
  /** The last twelve, oldest first; `week` is its Monday. */
  weeks: {
    week: string;
    href: string;
    sources: { source: string; words: string; count: number; href: string }[];
  }[];
  attention: {
    label: string;
    count: number;
    /** Null: there is nothing that this reader could open. */
    href: string | null;
    /** What to do about it; without an address it is for somebody else to do. */
    repair: { label: string; href: string | null };
  }[];
  tools: { label: string; about: string; href: string }[];
}

const tools = [
  {
    label: 'Why can’t they see it?',
    href: '/admin/access-check',
    who: 'staff',
    about: 'A person and a page: why access was refused',
  },
  {
    label: 'Act as a referrer',
    href: '/admin/act-as',
    who: 'admin',
    about: 'See and do what they would',
  },
  {
    label: 'What was done in referrers’ names',
    href: '/admin/episodes',
    who: 'admin',
    about: 'Each time, with its reason',
  },
  {
    label: 'Acuity connection',
    href: '/admin/acuity',
    who: 'admin',
    about: 'Whether Acuity tells us of changes',
  },
  {
    label: 'Acuity questions',
    href: '/admin/acuity-questions',
    who: 'admin',
    about: 'Which question of Acuity is which detail',
  },
  {
    label: 'System check',
    href: '/admin/doctor',
    who: 'admin',
    about: 'What is set up, and what is not',
  },
  {
    label: 'Merge records',
    href: '/admin/merges',
    who: 'admin',
    about: 'Two people or organisations that are one',
  },
  {
    label: 'People, organisations and invitations',
    href: '/account/people',
    who: 'admin',
    about: 'People and invitations',
  },
] as const;

type TodayRow = Omit<Dashboard['today']['rows'][number], 'typeWords' | 'progressWords'> &
  Pick<Booking, 'type' | 'currentProgress'>;

const shownToday = 8;
const shownWeeks = 12;

/**
 * @param zone the reader's
 * @param acuity what is to be done about the connection; what waits on the page of questions, null: not for this reader
 */
export async function readDashboard(
  db: Database,
  role: Role,
  zone: string,
  acuity: { questions: MappingAttention | null; connection: ConnectionAttention | null },
): Promise<Dashboard> {
  const day = dayIn(new Date(), zone);
  const readable = attentionLists.filter(({ table }) => mayRead(role, tableNamed(table)));
  const today = await readToday(db, day);
  const weeks = await readWeeks(db, day, zone);
  // One after the other: all at once, two who open it hold every connection there is.
  const attention: Dashboard['attention'] = await systemNotices(db, role);
  attention.push(...connectionNotices(acuity.connection, role));
  for (const list of readable) attention.push(await countAttention(db, role, list));
  if (acuity.questions) attention.push(...questionNotices(acuity.questions));
  return {
    day,
    today,
    weeks,
    attention,
    tools: tools
      .filter(({ who }) => role === 'admin' || who === 'staff')
      .map(({ label, about, href }) => ({ label, about, href })),
  };
}

async function readToday(db: Database, day: string): Promise<Dashboard['today']> {
  const filters: Filters = { startsAt: { from: day, to: day }, takesPlace: 'true' };
  const [count, rows] = await Promise.all([
    countRows(db, tableNamed('bookings'), filters),
    selectRows(db, tableNamed('bookings'), filters)
      .orderBy([{ column: 'r.startsAt' }, { column: 'r.id' }])
      .limit(shownToday)
      .select(
        ['id', 'reference', 'startsAt', 'timezone', 'specialist', 'type', 'currentProgress'].map(
          (name) => `r.${name}`,
        ),
      ),
  ]);
  return {
    count,
    rows: (rows as TodayRow[]).map((row) => ({
      ...row,
      typeWords: typeWords[row.type],
      progressWords: progressWords[row.currentProgress],
    })),
    href: `${listOf('bookings', filters)}&sortBy=startsAt&direction=asc`,
  };
}

async function readWeeks(db: Database, day: string, zone: string): Promise<Dashboard['weeks']> {
  const sinceMonday = (new Date(`${day}T12:00:00Z`).getUTCDay() + 6) % 7;
  const mondays = Array.from({ length: shownWeeks }, (_, index) =>
    shiftDays(day, (index - shownWeeks + 1) * 7 - sinceMonday),
  );
  const first = mondays[0] ?? day;
  const { rows } = await db.raw<{ rows: { week: string; source: string; count: number }[] }>(
    `select to_char(date_trunc('week', created_at at time zone :zone), 'YYYY-MM-DD') as week, source,
            count(*)::int as count
     from bookings where created_at >= :since group by 1, 2`,
    { zone, since: startOfDay(first, zone) },
  );
  return mondays.map((week) => {
    const created = { from: week, to: shiftDays(week, 6) };
    return {
      week,
      href: listOf('bookings', { createdAt: created }),
      sources: bookingSources.map((source) => ({
        source,
        words: sourceWords[source],
        count: rows.find((row) => row.week === week && row.source === source)?.count ?? 0,
        href: listOf('bookings', { createdAt: created, source }),
      })),
    };
  });
}

async function countAttention(
  db: Database,
  role: Role,
  { label, table, filters, repair }: AttentionList,
): Promise<Dashboard['attention'][number]> {
  const mayRepair = role === 'admin' || repair.who === 'staff';
  const [count, next] = await Promise.all([
    countRows(db, tableNamed(table), filters),
    repair.next && mayRepair ? nextOf(db, table, filters, repair.next) : null,
  ]);
  return {
    label,
    count,
    href: listOf(table, filters),
    repair: mayRepair
      ? { label: repair.label, href: repair.next && !next ? null : repair.href.replace('{next}', next ?? '') }
      : { label: repair.unavailable ?? 'For an admin to look after', href: null },
  };
}

/** Which of them comes first. */
async function nextOf(db: Database, table: string, filters: Filters, by: string): Promise<string | null> {
  const row = (await selectRows(db, tableNamed(table), filters)
    .orderBy([{ column: `r.${by}` }, { column: 'r.id' }])
    .first('r.id')) as { id: string | number } | undefined;
  return row ? encodeURIComponent(String(row.id)) : null;
}

function tableNamed(id: string) {
  const table = tableOf(id);
  if (!table) throw new Error(`The dashboard counts ${id}, which is no list of the console`);
  return table;
}

function listOf(table: string, filters: Filters): string {
  const query = Object.entries(filters).flatMap(([name, value]) =>
    typeof value === 'string'
      ? [`filters.${name}=${value}`]
      : Object.entries(value).map(([bound, text]) => `filters.${name}~~${bound}=${text}`),
  );
  return `/admin/resources/${table}?${query.join('&')}`;
}
