// The daily digest: one e-mail a day for each person who wants one. What needs them comes first, then what happened.
import { accountStatusOf, type Viewer } from '../accounts/index.ts';
import {
  bookingCalendar,
  examineeName,
  findBooking,
  paperCategories,
  papersInWords,
  type Booking,
  type NeedKind,
  type PaperCategory,
} from '../bookings/index.ts';
import type { Database, Queryable, Transaction } from '../db/knex.ts';
import { dayIn, dayWords, formatExamTime, hourIn } from '../lib/dates.ts';
import { agencyZone } from '../lib/zones.ts';
import { changesCalendar, mailKinds, type MailKindName } from '../mail-kinds/index.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import { queueSending } from './email.jobs.ts';
import { deliveriesOf } from './email.preferences.ts';
import { mayKnow } from './email.recipient.ts';
import type { BookingEmail, DigestEmail, Links, Message, MessageEntry } from './email.ts';

// When no worker ran in the morning, the digest is written later that day, but not at night.
const firstHour = 7;
const lastHour = 20;

/** What needs a person now: the most urgent bookings first, and how many there are. */
export interface Needs {
  bookings: { booking: Booking; needs: { kind: NeedKind; words: string; dueOn: string | null }[] }[];
  count: number;
}
export type ReadNeeds = (viewer: Viewer, limit: number) => Promise<Needs>;

/** No more than that are listed; the others are only counted. */
const mostNeeds = 20;

export interface DailyDigest {
  /** Writes every digest that is due, and returns how many. Safe to run twice at once. */
  write(): Promise<number>;
}

interface DailyDigestDeps {
  db: Database;
  jobs: JobQueue;
  ids: Ids;
  clock: Clock;
  readNeeds: ReadNeeds;
}

export function createDailyDigest(deps: DailyDigestDeps): DailyDigest {
  return {
    async write() {
      const now = deps.clock.now();
      let written = 0;
      for (const { id, timezone, last_day: lastDay } of await readersOf(deps.db)) {
        const zone = timezone ?? agencyZone;
        const hour = hourIn(now, zone);
        if (hour < firstHour || hour >= lastHour) continue;
        const day = dayIn(now, zone);
        if (lastDay !== null && lastDay >= day) continue;
        if (await deps.db.transaction((trx) => writeDigest(deps, trx, id, day))) written += 1;
      }
      return written;
    },
  };
}

interface Reader {
  id: string;
  timezone: string | null;
  /** The day of their last digest; null: they had none. */
  last_day: string | null;
}

/** People who have e-mails for the digest, or chose it for a kind. E-mails of a merged person go to the remaining one. */
async function readersOf(db: Queryable): Promise<Reader[]> {
  const { rows } = await db.raw<{ rows: Reader[] }>(
    `select u.id, u.timezone, (select max(day) from daily_digests d where d.user_id = u.id) as last_day
     from users u where u.id in (
       select merged_into(e.recipient_id) from emails e where e.status = 'for_digest' and e.daily_digest_id is null
       union
       select p.user_id from mail_preferences p where p.delivery = 'daily')
     order by u.id`,
  );
  return rows;
}

/** The row of `daily_digests` claims the day: a second worker waits for this transaction, and then writes nothing. */
async function writeDigest(
  { jobs, ids, readNeeds }: DailyDigestDeps,
  trx: Transaction,
  userId: string,
  day: string,
): Promise<boolean> {
  const [claimed] = await trx('daily_digests')
    .insert({ user_id: userId, day })
    .onConflict(['user_id', 'day'])
    .ignore()
    .returning('user_id');
  if (!claimed) return false;
  await trx('daily_digests')
    .where('day', '<', trx.raw(`?::date - 30`, [day]))
    .where({ user_id: userId })
    .delete();

  const viewer = (await accountStatusOf(trx, userId))?.viewer ?? null;
  const delivery = (await deliveriesOf(trx, 'daily_digest', [userId])).get(userId);
  if (!viewer || delivery === 'off') {
    await waitingFor(trx, userId).update({ status: 'withheld' });
    return false;
  }
  const id = ids.uuid();
  const hasNews = (await waitingFor(trx, userId).limit(1)).length > 0;
  if (!hasNews && (await readNeeds(viewer, 1)).count === 0) return false;
  await trx('emails').insert({
    id,
    kind: 'daily_digest',
    dedupe_key: `daily_digest:${userId}:${day}`,
    recipient: viewer.email,
    recipient_id: userId,
  });
  await waitingFor(trx, userId).update({ daily_digest_id: id });
  await queueSending(jobs, trx, id);
  return true;
}

/** Marks the digests that are due today by now as written, without writing them. */
export async function markDueDigests(trx: Transaction, now: Date): Promise<void> {
  const people = await trx('users').where({ role: 'referrer' }).select('id', 'timezone');
  const due = people
    .map(({ id, timezone }) => ({ id, zone: timezone ?? agencyZone }))
    .filter(({ zone }) => hourIn(now, zone) >= firstHour);
  await trx.raw(
    `insert into daily_digests (user_id, day) select * from unnest(?::uuid[], ?::date[]) on conflict do nothing`,
    [due.map(({ id }) => id), due.map(({ zone }) => dayIn(now, zone))],
  );
}

function waitingFor(trx: Transaction, userId: string) {
  return trx('emails')
    .where({ status: 'for_digest', daily_digest_id: null })
    .whereRaw('merged_into(recipient_id) = ?', [userId]);
}

export interface DigestContent {
  needs: Needs;
  /** What happened and may still be told, oldest first. */
  told: BookingEmail[];
  /** The other e-mails: no longer true, no longer visible to this person, or switched off since. */
  dropped: BookingEmail[];
}

/** Decides what the digest tells by the reader's rights and choices as they are now. */
export async function readDigest(
  db: Queryable,
  email: DigestEmail,
  { viewer, now }: { viewer: Viewer; now: Date },
  readNeeds: ReadNeeds,
): Promise<DigestContent> {
  const news = (await db('emails')
    .where({ daily_digest_id: email.id })
    .whereIn('status', ['for_digest', 'sent'])
    .orderBy(['created_at', 'id'])) as BookingEmail[];
  const content: DigestContent = {
    needs: await readNeeds(viewer, mostNeeds),
    told: [],
    dropped: [],
  };
  for (const newsEmail of news) {
    const isWanted = (await deliveriesOf(db, newsEmail.kind, [viewer.userId])).get(viewer.userId) !== 'off';
    const isTold = isWanted && (await mayKnow(db, viewer, newsEmail, now));
    content[isTold ? 'told' : 'dropped'].push(newsEmail);
  }
  return content;
}

/** Subjects show on locked screens, so they have only counts. */
export async function digestMessage(
  db: Queryable,
  { needs, told }: DigestContent,
  links: Links,
  recipient: string,
): Promise<Message> {
  const calendars = await calendarsOf(db, told, links, recipient);
  const happened = await happenedTo(db, withoutNewsIn(needs, told), links);
  const counts = [
    needs.count > 0 && (needs.count === 1 ? '1 booking needs you' : `${needs.count} bookings need you`),
    happened.length > 0 &&
      (happened.length === 1 ? '1 booking has news' : `${happened.length} bookings have news`),
  ];
  const unlisted = needs.count - needs.bookings.length;
  return {
    subject: `Your day: ${counts.filter(Boolean).join(', ')}`,
    heading: 'Your day',
    paragraphs: [],
    facts: [],
    sections: [
      {
        heading: 'Needs you',
        entries: [
          ...needs.bookings.map(({ booking, needs: of }) => entryOf(booking, needPhrases(of), links)),
          ...(unlisted > 0 ? [{ text: `${unlisted} more`, href: links.home() }] : []),
        ],
      },
      { heading: 'What happened', entries: happened },
    ].filter(({ entries }) => entries.length > 0),
    action: { label: 'Open Examdesk', href: links.home() },
    calendars,
    footer: `${calendars.length > 0 ? 'The attached files bring your calendar up to date. ' : ''}This message was sent to you because you chose a daily digest. It may contain health information: share it only with people who need it.`,
  };
}

/** One file for each booking whose calendar entry changes, as the booking is now: calendars read one booking a file. */
async function calendarsOf(
  db: Queryable,
  told: BookingEmail[],
  links: Links,
  recipient: string,
): Promise<NonNullable<Message['calendars']>> {
  const changes = told.filter(({ kind }) => changesCalendar(kind));
  const calendars: NonNullable<Message['calendars']> = [];
  // Reads one after the other, so that a digest of many bookings does not take every connection of the pool.
  for (const id of new Set(changes.flatMap(({ booking_id: one }) => one ?? []))) {
    const booking = await findBooking(db, id);
    if (booking)
      calendars.push(bookingCalendar(booking, links.booking(booking.id), links.organizer, recipient));
  }
  return calendars;
}

/** Kinds of news that the section “Needs you” lists already. */
const newsKinds: readonly MailKindName[] = [
  'report_ready',
  'booking_cancelled',
  'booking_rescheduled',
  'booking_no_show',
];

function withoutNewsIn({ bookings }: Needs, told: BookingEmail[]): BookingEmail[] {
  const withNews = new Set(
    bookings
      .filter(({ needs }) => needs.some(({ dueOn }) => dueOn === null))
      .map(({ booking }) => booking.id),
  );
  return told.filter(
    ({ kind, booking_id: id }) => !(newsKinds.includes(kind) && id !== null && withNews.has(id)),
  );
}

/** `Report ready`, `Consent form and brief missing (due 1 December 2026)`: one phrase for what is due on the same day. */
function needPhrases(needs: Needs['bookings'][number]['needs']): string[] {
  const phrases: string[] = [];
  const due = new Map<string, PaperCategory[]>();
  for (const { kind, words, dueOn } of needs) {
    if (dueOn === null || !isPaper(kind)) phrases.push(words);
    else due.set(dueOn, [...(due.get(dueOn) ?? []), kind]);
  }
  for (const [day, papers] of due) phrases.push(`${papersInWords(papers)} missing (due ${dayWords(day)})`);
  return phrases;
}

function isPaper(kind: NeedKind): kind is PaperCategory & NeedKind {
  return (paperCategories as readonly string[]).includes(kind);
}

/** One line for each booking, in the order of its last news. */
async function happenedTo(db: Queryable, told: BookingEmail[], links: Links): Promise<MessageEntry[]> {
  const labels = new Map<string, Set<string>>();
  for (const { booking_id: bookingId, kind } of told) {
    if (!bookingId) continue;
    const before = labels.get(bookingId) ?? [];
    labels.delete(bookingId);
    labels.set(bookingId, new Set([...before, mailKinds[kind].label]));
  }
  const entries: MessageEntry[] = [];
  for (const [bookingId, kinds] of labels) {
    const booking = await findBooking(db, bookingId);
    if (booking) entries.push(entryOf(booking, [...kinds], links));
  }
  return entries;
}

function entryOf(booking: Booking, kinds: string[], links: Links): MessageEntry {
  const name = examineeName(booking.examinee);
  return {
    text: `${name || booking.reference}: ${kinds.join(', ')}`,
    note: `${booking.specialist.name}, ${formatExamTime(booking.startsAt, booking.timezone)}, ${booking.reference}`,
    href: links.booking(booking.id),
  };
}
