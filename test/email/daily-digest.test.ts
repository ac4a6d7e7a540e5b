import { expect } from 'chai';
import ICAL from 'ical.js';
import { createSmtpMailer } from '../../src/adapters/smtp-mailer.ts';
import { findBooking } from '../../src/bookings/index.ts';
import type { Mailbox } from '../../src/dev/mailbox.ts';
import {
  createDailyDigest,
  createOutbox,
  resendEmail,
  withholdQueued,
  type EmailSender,
  type ReadNeeds,
} from '../../src/email/index.ts';
import type { BookingMailKind } from '../../src/mail-kinds/index.ts';
import {
  openBookingFixture,
  tuesdayAtTen,
  valueOf,
  type BookingFixture,
} from '../support/booking-fixture.ts';
import { createFakeAcuity } from '../support/fakes/acuity.ts';
import { nothingNeeded, testLinks } from '../support/links.ts';
import { openMailbox } from '../support/mailbox.ts';
import { aSender } from '../support/mail-parts.ts';

// 7:30 in the morning in Sydney, where Rita is.
const morning = new Date('2026-11-30T20:30:00Z');
const hours = (count: number) => new Date(morning.getTime() + count * 3_600_000);

describe('the daily digest', () => {
  let fixture: BookingFixture;
  let mailbox: Mailbox;
  let mailer: ReturnType<typeof createSmtpMailer>;
  let bookingId: string;
  let ritaId: string;

  before(async () => {
    mailbox = await openMailbox();
    mailer = createSmtpMailer(mailbox.smtpUrl, 'Examdesk <bookings@examdesk.example>');
    const fake = createFakeAcuity();
    fake.offer(7001, tuesdayAtTen.toISOString());
    fixture = await openBookingFixture(fake);
    ritaId = fixture.people.rita.viewer.userId;
    bookingId = valueOf(await fixture.attempts.book(fixture.people.rita, fixture.requestFor(), null)).id;
  });
  beforeEach(async () => {
    await mailbox.clear();
    for (const table of ['emails', 'daily_digests', 'mail_preferences']) await fixture.db(table).delete();
    await want({ booking_no_show: 'daily', booking_cancelled: 'daily' });
  });
  after(async () => {
    mailer.close();
    await mailbox.close();
    await fixture.close();
  });

  async function want(deliveries: Record<string, string>, userId = ritaId): Promise<void> {
    for (const [kind, delivery] of Object.entries(deliveries))
      await fixture
        .db('mail_preferences')
        .insert({ user_id: userId, kind, delivery: delivery as 'at_once' })
        .onConflict(['user_id', 'kind'])
        .merge();
  }
  const happens = (kind: BookingMailKind, occasion = 'one') =>
    fixture.db.transaction((trx) =>
      createOutbox(fixture.deps)(trx, { kind, bookingId, occasion: `${bookingId}:${occasion}` }),
    );
  const writeAt = (now: Date, readNeeds: ReadNeeds = nothingNeeded) =>
    createDailyDigest({ ...fixture.deps, clock: { now: () => now }, readNeeds }).write();
  function sender(more: Partial<Parameters<typeof aSender>[0]> = {}): EmailSender {
    return aSender({
      db: fixture.db,
      mailer,
      jobs: fixture.deps.jobs,
      ...more,
    });
  }
  const states = async () => {
    const rows = (await fixture.db('emails').orderBy(['kind', 'created_at']).select('kind', 'status')) as {
      kind: string;
      status: string;
    }[];
    return rows.map(({ kind, status }) => `${kind} ${status}`);
  };
  async function sendAll(emails = sender()): Promise<void> {
    const ids = await fixture.db('emails').where({ status: 'queued' }).pluck('id');
    for (const id of ids) await emails.send(id);
  }
  const needsOne: ReadNeeds = async () => {
    const booking = await findBooking(fixture.db, bookingId);
    if (!booking) throw new Error('The booking is gone');
    return {
      bookings: [
        {
          booking,
          needs: [
            { kind: 'consent_form', words: 'Consent form missing', dueOn: '2026-12-01' },
            { kind: 'brief', words: 'Brief missing', dueOn: '2026-12-01' },
          ],
        },
      ],
      count: 3,
    };
  };

  it('tells in one e-mail what happened of the chosen kinds; the others go at once', async () => {
    await happens('booking_no_show');
    await happens('booking_cancelled');
    await happens('booking_reminder');
    expect(await states()).to.deep.equal([
      'booking_cancelled for_digest',
      'booking_no_show for_digest',
      'booking_reminder queued',
    ]);
    expect(await writeAt(morning)).to.equal(1);
    await fixture.db('emails').where({ kind: 'booking_reminder' }).delete();
    await sendAll();
    const [mail, ...more] = mailbox.mails();
    expect(more).to.deep.equal([]);
    expect(mail?.to).to.deep.equal(['rita@harbour-legal.example']);
    expect(mail?.subject).to.equal('Your day: 1 booking has news');
    for (const words of [mail?.text ?? '', mail?.html ?? ''])
      expect(words)
        .to.include('Ewan Marsh: Not attended, Cancelled')
        .and.include('Dr Amelia Hart')
        .and.include(testLinks.booking(bookingId));
    expect(mail?.stopUrl).to.equal(testLinks.stopMails(ritaId, 'daily_digest'));
    expect(await states()).to.deep.equal([
      'booking_cancelled sent',
      'booking_no_show sent',
      'daily_digest sent',
    ]);
  });

  it('brings one calendar file for each booking whose entry changed, as the booking is now', async () => {
    await want({ booking_rescheduled: 'daily' });
    await happens('booking_rescheduled');
    await happens('booking_rescheduled', 'two');
    await happens('booking_no_show');
    // In the list of what needs Rita, and therefore not under what happened.
    const moved: ReadNeeds = async () => {
      const booking = await findBooking(fixture.db, bookingId);
      if (!booking) throw new Error('The booking is gone');
      return {
        bookings: [{ booking, needs: [{ kind: 'moved', words: 'Moved by the clinic', dueOn: null }] }],
        count: 1,
      };
    };
    await writeAt(morning, moved);
    await sendAll(sender({ readNeeds: moved }));
    const [mail] = mailbox.mails();
    const calendars = mail?.attachments.map(({ content }) => ICAL.Component.fromString(content.toString()));
    const entries = calendars?.map((calendar) => {
      const event = calendar.getFirstSubcomponent('vevent') ?? expect.fail('The file has no event');
      return {
        method: calendar.getFirstPropertyValue('method'),
        uid: event.getFirstPropertyValue('uid'),
        attendee: event.getFirstPropertyValue('attendee'),
        startsAt: (event.getFirstPropertyValue('dtstart') as ICAL.Time).toJSDate(),
      };
    });
    expect(entries).to.deep.equal([
      {
        method: 'REQUEST',
        uid: bookingId,
        attendee: 'MAILTO:rita@harbour-legal.example',
        startsAt: tuesdayAtTen,
      },
    ]);
    expect(mail?.text).to.include('The attached files bring your calendar up to date');
    await mailbox.clear();
    await fixture.db('emails').delete();
    await happens('booking_no_show');
    await writeAt(hours(24));
    await sendAll();
    expect(mailbox.mails().map(({ attachments }) => attachments)).to.deep.equal([[]]);
    expect(mailbox.mails()[0]?.text).not.to.include('calendar');
  });

  it('begins with what needs the person, and counts what it does not list', async () => {
    await happens('booking_no_show');
    expect(await writeAt(morning, needsOne)).to.equal(1);
    await sendAll(sender({ readNeeds: needsOne }));
    const [mail] = mailbox.mails();
    expect(mail?.subject).to.equal('Your day: 3 bookings need you, 1 booking has news');
    const text = mail?.text ?? '';
    expect(text)
      .to.include('Ewan Marsh: Consent form and brief missing (due Tuesday 1 December 2026)')
      .and.include('2 more');
    expect(text.indexOf('Needs you')).to.be.below(text.indexOf('What happened')).and.above(-1);
  });

  it('is not written when there is nothing to tell, nor later that day when something happens', async () => {
    expect(await writeAt(morning)).to.equal(0);
    await happens('booking_no_show');
    expect(await writeAt(hours(2))).to.equal(0);
    expect(await writeAt(hours(24))).to.equal(1);
  });

  it('is written when something needs the person, although nothing happened', async () => {
    expect(await writeAt(morning, needsOne)).to.equal(1);
  });

  it('is written once a day when workers write at the same time, and again', async () => {
    await happens('booking_no_show');
    const counts = await Promise.all([writeAt(morning), writeAt(morning), writeAt(hours(1))]);
    expect(counts).to.have.members([0, 0, 1]);
    await happens('booking_cancelled');
    expect(await writeAt(hours(3))).to.equal(0);
    expect(await writeAt(hours(24))).to.equal(1);
    await sendAll();
    expect(mailbox.mails()).to.have.length(2);
    expect(await states()).to.not.include('booking_cancelled for_digest');
  });

  it('waits for the morning of the person’s zone, and is late by day but never at night', async () => {
    await happens('booking_no_show');
    expect(await writeAt(hours(-1)), '6:30').to.equal(0);
    expect(await writeAt(hours(13)), '20:30').to.equal(0);
    await fixture.db('users').where({ id: ritaId }).update({ timezone: 'Australia/Perth' });
    expect(await writeAt(morning), '4:30 in Perth').to.equal(0);
    expect(await writeAt(hours(9)), '13:30 in Perth').to.equal(1);
    await fixture.db('users').where({ id: ritaId }).update({ timezone: null });
  });

  it('is sent again whole with the same Message-ID when the process dies before it records that it was sent', async () => {
    await happens('booking_no_show');
    await writeAt(morning);
    const dying = sender({
      onStep(step) {
        if (step === 'email_after_send') throw new Error('died');
      },
    });
    await sendAll(dying).catch((error: unknown) => expect(String(error)).to.include('died'));
    expect(await states()).to.deep.equal(['booking_no_show for_digest', 'daily_digest queued']);
    await sendAll();
    expect(new Set(mailbox.mails().map(({ messageId }) => messageId)).size).to.equal(1);
    expect(await states()).to.deep.equal(['booking_no_show sent', 'daily_digest sent']);
  });

  it('leaves out what the person may no longer see, and is withheld when nothing is left', async () => {
    await happens('booking_no_show');
    await writeAt(morning);
    const northside = (await fixture.db('organizations').where({ name: 'Northside Claims' }).first('id')) as {
      id: string;
    };
    const { organization_id: before } = (await fixture.db('bookings').where({ id: bookingId }).first()) as {
      organization_id: string;
    };
    await fixture.db('bookings').where({ id: bookingId }).update({ organization_id: northside.id });
    await sendAll();
    await fixture.db('bookings').where({ id: bookingId }).update({ organization_id: before });
    expect(mailbox.mails()).to.deep.equal([]);
    expect(await states()).to.include('daily_digest withheld');
  });

  it('is not for somebody who was deactivated', async () => {
    await happens('booking_no_show');
    await fixture.db('users').where({ id: ritaId }).update({ banned: true });
    expect(await writeAt(morning)).to.equal(0);
    await fixture.db('users').where({ id: ritaId }).update({ banned: false });
    expect(await states()).to.deep.equal(['booking_no_show withheld']);
  });

  it('is stopped, with what waits for it, when it is switched off before or after it was written', async () => {
    await happens('booking_no_show');
    await want({ daily_digest: 'off' });
    expect(await writeAt(morning)).to.equal(0);
    await happens('booking_cancelled', 'dropped at once');
    expect(await states()).to.deep.equal(['booking_no_show withheld']);

    await want({ daily_digest: 'daily' });
    await happens('booking_cancelled');
    expect(await writeAt(hours(24))).to.equal(1);
    await want({ daily_digest: 'off' });
    await sendAll();
    expect(mailbox.mails()).to.deep.equal([]);
    expect(await states()).to.deep.equal([
      'booking_cancelled withheld',
      'booking_no_show withheld',
      'daily_digest withheld',
    ]);
  });

  it('tells again what staff send again', async () => {
    await happens('booking_no_show');
    await writeAt(morning);
    await sendAll();
    const told = (await fixture.db('emails').where({ kind: 'booking_no_show' }).first('id')) as {
      id: string;
    };
    expect(await resendEmail(fixture.deps, fixture.people.sam, told.id)).to.equal('queued');
    await sendAll();
    expect(await writeAt(hours(24))).to.equal(1);
    await sendAll();
    expect(mailbox.mails()).to.have.length(2);
    expect(mailbox.mails()[1]?.text).to.include('Ewan Marsh: Not attended');
  });

  it('is not written a second time on the day of a restore, and is on the next', async () => {
    const restoreAt = (now: Date) => fixture.db.transaction((trx) => withholdQueued(trx, now));
    await happens('booking_no_show');
    await restoreAt(morning);
    await happens('booking_cancelled');
    expect(await writeAt(hours(2), needsOne)).to.equal(0);
    expect(await writeAt(hours(24))).to.equal(1);
    await sendAll();
    expect(await states()).to.deep.equal([
      'booking_cancelled sent',
      'booking_no_show withheld',
      'daily_digest sent',
    ]);
  });

  it('is written when its time comes after a restore of the same day', async () => {
    await fixture.db.transaction((trx) => withholdQueued(trx, hours(-2)));
    expect(await writeAt(morning, needsOne)).to.equal(1);
  });

  it('leaves out a kind that was switched off since', async () => {
    await happens('booking_no_show');
    await happens('booking_cancelled');
    await writeAt(morning);
    await want({ booking_cancelled: 'off' });
    await sendAll();
    expect(mailbox.mails()[0]?.text).to.include('Ewan Marsh: Not attended').and.not.include('Cancelled');
    expect(await states()).to.include('booking_cancelled withheld');
  });

  it('stops an e-mail that was queued before its kind was switched off, and takes up one that was moved to the digest', async () => {
    await want({ booking_no_show: 'at_once', booking_cancelled: 'at_once' });
    await happens('booking_no_show');
    await happens('booking_cancelled');
    await want({ booking_no_show: 'off', booking_cancelled: 'daily' });
    await sendAll();
    expect(mailbox.mails()).to.deep.equal([]);
    expect(await states()).to.deep.equal(['booking_cancelled for_digest', 'booking_no_show withheld']);
    const withheld = (await fixture.db('emails').where({ kind: 'booking_no_show' }).first('id')) as {
      id: string;
    };
    expect(await resendEmail(fixture.deps, fixture.people.sam, withheld.id)).to.equal('switched_off');
  });
});
