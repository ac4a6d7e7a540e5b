// One e-mail of every kind, composed as the worker composes it, about a booking of the demo. What the demo lacks is
// written in a transaction that is rolled back.
import { randomUUID } from 'node:crypto';
import { accountStatusOf } from '../accounts/index.ts';
import { findBooking } from '../bookings/index.ts';
import { openDatabase, type Database, type Transaction } from '../db/knex.ts';
import { composeMail, type EmailRow, type Links } from '../email/index.ts';
import { dayIn, shiftDays } from '../lib/dates.ts';
import { mailKindNames, mailKinds, type MailKindName } from '../mail-kinds/index.ts';
import type { MailSample } from './mailbox-page.ts';

/** @returns in the order of the kinds; empty when the database has no booking to write about */
export async function composeSamples(databaseUrl: string): Promise<MailSample[]> {
  const db = openDatabase(databaseUrl, 1);
  try {
    return await samplesOf(db);
  } finally {
    await db.destroy();
  }
}

export async function samplesOf(db: Database): Promise<MailSample[]> {
  const trx = await db.transaction();
  try {
    const subject = await subjectOf(trx);
    if (!subject) return [];
    const samples: MailSample[] = [];
    for (const kind of mailKindNames) samples.push(await compose(trx, kind, subject));
    return samples;
  } finally {
    await trx.rollback();
  }
}

interface Subject {
  bookingId: string;
  referrerId: string;
  organizationId: string;
  email: string;
  ids: Record<
    'attempt' | 'report' | 'digest' | 'offer' | 'account_invitation' | 'password_reset' | 'email_change',
    string
  >;
}

interface SampleBooking {
  id: string;
  reference: string;
  specialist_id: string;
  organization_id: string;
  starts_at: Date;
  created_by_id: string;
  email: string;
}

/** The next examination of a referrer. */
async function subjectOf(trx: Transaction): Promise<Subject | null> {
  const booking = await trx('bookings as b')
    .join('users as u', 'u.id', 'b.created_by_id')
    .where('b.status', 'active')
    .whereNotNull('b.organization_id')
    .orderByRaw('b.starts_at < now(), b.starts_at, b.id')
    .first<SampleBooking | undefined>(
      'b.id',
      'b.reference',
      'b.specialist_id',
      'b.organization_id',
      'b.starts_at',
      'b.created_by_id',
      'u.email',
    );
  if (!booking) return null;
  const ids: Subject['ids'] = {
    attempt: randomUUID(),
    report: randomUUID(),
    digest: randomUUID(),
    offer: randomUUID(),
    account_invitation: randomUUID(),
    password_reset: randomUUID(),
    email_change: randomUUID(),
  };
  const subject: Subject = {
    bookingId: booking.id,
    referrerId: booking.created_by_id,
    organizationId: booking.organization_id,
    email: booking.email,
    ids,
  };
  await trx('booking_attempts').insert({
    id: ids.attempt,
    kind: 'reschedule',
    state: 'failed',
    settled_at: new Date(),
    booking_id: booking.id,
    reference: booking.reference,
    specialist_id: booking.specialist_id,
    organization_id: booking.organization_id,
    created_by_id: booking.created_by_id,
    request_hash: 'sample',
    request: JSON.stringify({}),
    failure: JSON.stringify({ reason: 'slot_taken' }),
    starts_at: new Date(booking.starts_at.getTime() + 86_400_000),
  });
  // Ended ones: an open one could collide with the demo's.
  const entryId = randomUUID();
  await trx('wait_entries').insert({
    id: entryId,
    created_by_id: booking.created_by_id,
    organization_id: booking.organization_id,
    booking_id: booking.id,
    state: 'left',
  });
  await trx('wait_offers').insert({
    id: ids.offer,
    entry_id: entryId,
    specialist_id: booking.specialist_id,
    type: 'in_person',
    starts_at: new Date(booking.starts_at.getTime() - 43_200_000),
    duration_minutes: 60,
    state: 'lapsed',
    expires_at: new Date(Date.now() + 600_000),
    ended_at: new Date(),
  });
  await trx('drift_reports').insert({
    id: ids.report,
    kind: 'near',
    from_day: '2026-12-01',
    to_day: '2026-12-31',
    next_day: '2026-12-31',
    fixes: true,
    state: 'done',
    started_at: new Date(),
    finished_at: new Date(),
  });
  await trx('drift_items').insert(
    (['left', 'fixed'] as const).map((state, at) => ({
      id: randomUUID(),
      report_id: ids.report,
      appointment_id: at + 1,
      difference: 'time' as const,
      state,
      announced: false,
      found_at: new Date(),
    })),
  );
  await trx.raw(
    `insert into unassigned_notices (booking_id, digest_id) select id, ? from bookings limit 2 on conflict do nothing`,
    [ids.digest],
  );
  await trx.raw(
    `update booking_messages set digest_id = ?
     where id in (select id from booking_messages where not is_from_staff order by created_at limit 2)`,
    [ids.digest],
  );
  await writeLinks(trx, subject);
  return subject;
}

async function writeLinks(
  trx: Transaction,
  { ids, email, referrerId, organizationId }: Subject,
): Promise<void> {
  const expires_at = new Date(Date.now() + 86_400_000);
  await trx('account_links').insert([
    {
      id: ids.account_invitation,
      kind: 'invitation',
      email: 'new@example.com',
      name: 'Noor',
      role: 'referrer',
      organization_id: organizationId,
      expires_at,
    },
    { id: ids.password_reset, kind: 'password_reset', email, user_id: referrerId, expires_at },
    { id: ids.email_change, kind: 'email_change', email: 'new@example.com', user_id: referrerId, expires_at },
  ]);
}

async function compose(trx: Transaction, kind: MailKindName, subject: Subject): Promise<MailSample> {
  const email = rowOf(kind, subject);
  const viewer = (await accountStatusOf(trx, subject.referrerId))?.viewer ?? null;
  const booking = await findBooking(trx, subject.bookingId);
  const dueOn = booking ? shiftDays(dayIn(booking.startsAt, booking.timezone), -3) : null;
  const needs = booking
    ? {
        bookings: [
          {
            booking,
            needs: [
              { kind: 'consent_form' as const, words: 'Consent form missing', dueOn },
              { kind: 'brief' as const, words: 'Brief missing', dueOn },
            ],
          },
        ],
        count: 1,
      }
    : { bookings: [], count: 0 };
  const told = [rowOf('booking_rescheduled', subject), rowOf('document_added', subject)];
  const mail = await composeMail(trx, email, sampleLinks, {
    now: new Date(),
    viewer: mailKinds[kind].about === 'examinee' ? null : viewer,
    digest: { needs, told: told as never[], dropped: [] },
  });
  return {
    kind,
    id: kind,
    receivedAt: new Date(),
    messageId: '',
    from: 'Examdesk <bookings@examdesk.example>',
    to: [mail.to],
    subject: mail.subject,
    stopUrl: mail.stopUrl ?? null,
    text: mail.text,
    html: mail.html,
    attachments: (mail.calendars ?? []).map(({ fileName, content }) => ({
      fileName,
      contentType: 'text/calendar',
      content: Buffer.from(content),
    })),
  };
}

function rowOf(kind: MailKindName, { bookingId, referrerId, email, ids }: Subject): EmailRow {
  const isOfBooking = mailKinds[kind].about !== 'account' && mailKinds[kind].about !== 'staff';
  const row = {
    id: randomUUID(),
    kind,
    recipient: email,
    recipient_id: referrerId,
    booking_id: isOfBooking ? bookingId : null,
    attempt_id: kind === 'booking_failed' ? ids.attempt : null,
    account_link_id: kind in ids ? ids[kind as 'password_reset'] : null,
    document_id: null,
    previous_starts_at: kind === 'booking_rescheduled' ? new Date('2026-12-01T23:00:00Z') : null,
    attempts: 0,
    created_at: new Date(),
    drift_report_id: ids.report,
    digest_id: ids.digest,
    wait_offer_id: ids.offer,
  };
  // A literal that is returned at once is not comparable with the union of all kinds.
  return row;
}

const desk = 'https://desk.example';
const sampleLinks: Links = {
  home: () => `${desk}/`,
  booking: (id) => `${desk}/bookings/${id}`,
  attempt: (id) => `${desk}/bookings/attempts/${id}`,
  waitList: () => `${desk}/waiting`,
  newBooking: () => `${desk}/bookings/new`,
  account: () => `${desk}/account`,
  mailPreferences: () => `${desk}/account/mail`,
  stopMails: () => `${desk}/account/mail/stop/token`,
  console: () => `${desk}/admin`,
  bookingsWithoutReferrer: () => `${desk}/admin/resources/bookings`,
  organizer: { name: 'Examdesk', address: 'bookings@examdesk.example' },
  accountLink: (kind) => `${desk}/account/${kind}/token`,
};
