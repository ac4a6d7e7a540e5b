import { expect } from 'chai';
import { createSmtpMailer } from '../../src/adapters/smtp-mailer.ts';
import type { Mailbox } from '../../src/dev/mailbox.ts';
import { createReminders } from '../../src/email/index.ts';
import {
  openBookingFixture,
  openBookingGround,
  tuesdayAtTen,
  valueOf,
  type BookingFixture,
  type BookingGround,
} from '../support/booking-fixture.ts';
import { createFakeAcuity } from '../support/fakes/acuity.ts';
import { testLinks } from '../support/links.ts';
import { openMailbox, waitForMail } from '../support/mailbox.ts';
import { aSender } from '../support/mail-parts.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

describe('reminders', () => {
  let ground: BookingGround;
  let fixture: BookingFixture;
  let bookingId: string;
  const startsAt = new Date(Date.now() + 10 * dayMs);

  before(async () => {
    ground = await openBookingGround();
  });
  after(() => ground.close());
  beforeEach(async () => {
    const fake = createFakeAcuity();
    fake.offer(7001, tuesdayAtTen.toISOString());
    fixture = await openBookingFixture(fake, {}, ground);
    bookingId = valueOf(await fixture.attempts.book(fixture.people.rita, fixture.requestFor(), null)).id;
    await fixture.db('bookings').where({ id: bookingId }).update({ starts_at: startsAt });
    await fixture.db('emails').delete();
  });

  const writerAt = (beforeMs: number) =>
    createReminders({
      ...fixture.deps,
      clock: { now: () => new Date(startsAt.getTime() - beforeMs) },
    });
  const write = (beforeMs: number) => writerAt(beforeMs).write();
  const written = (): Promise<Record<'kind' | 'recipient' | 'status' | 'id', string>[]> =>
    fixture.db('emails').orderBy(['kind', 'recipient']).select('kind', 'recipient', 'status', 'id');
  const recipients = async () => (await written()).map(({ kind, recipient }) => `${kind} ${recipient}`);
  const remindExaminees = (email: string | null) =>
    fixture.db.transaction(async (trx) => {
      await trx('organizations').update({ reminds_examinees: true });
      await trx('bookings').where({ id: bookingId }).update({ examinee_email: email });
    });
  const rita = 'booking_reminder rita@harbour-legal.example';

  it('go to the referrer 7 days and 1 day before, each once', async () => {
    expect(await write(7 * dayMs + hourMs)).to.equal(0);
    expect(await write(7 * dayMs)).to.equal(1);
    expect(await write(7 * dayMs - hourMs)).to.equal(0);
    expect(await write(dayMs)).to.equal(1);
    expect(await write(dayMs - hourMs)).to.equal(0);
    expect(await recipients()).to.deep.equal([rita, rita]);
  });

  it('go out once when two workers write at the same time', async () => {
    const counts = await Promise.all([write(7 * dayMs), write(7 * dayMs), write(7 * dayMs)]);
    expect(counts).to.have.members([0, 0, 1]);
    expect(await recipients()).to.deep.equal([rita]);
  });

  it('are written late when the worker was away, and not at all when it was away for too long', async () => {
    expect(await write(2 * dayMs)).to.equal(0);
    expect(await write(2 * dayMs + hourMs)).to.equal(1);
    expect(await write(hourMs)).to.equal(0);
    expect(await write(3 * hourMs)).to.equal(1);
  });

  it('are not written when the booking got its time after they were due', async () => {
    const due = new Date(startsAt.getTime() - 7 * dayMs);
    await fixture
      .db('booking_progress')
      .where({ booking_id: bookingId })
      .update({ created_at: new Date(due.getTime() + 1_000) });
    expect(await write(6 * dayMs)).to.equal(0);
    expect(await write(dayMs)).to.equal(1);
  });

  it('are written again for the new time when the examination moved', async () => {
    await write(7 * dayMs);
    const later = new Date(startsAt.getTime() + 10 * dayMs);
    await fixture.db('bookings').where({ id: bookingId }).update({ starts_at: later });
    expect(await write(-3 * dayMs)).to.equal(1);
    expect(await recipients()).to.deep.equal([rita, rita]);
  });

  it('are not written when the booking is cancelled, a no-show or without a referrer', async () => {
    const setTo = (columns: Record<string, unknown>) =>
      fixture.db('bookings').where({ id: bookingId }).update(columns);
    await setTo({ status: 'cancelled', current_progress: 'cancelled' });
    expect(await write(7 * dayMs)).to.equal(0);
    await setTo({ status: 'active', current_progress: 'no_show' });
    expect(await write(7 * dayMs)).to.equal(0);
    await setTo({ current_progress: 'scheduled', source: 'acuity_direct' });
    await setTo({ created_by_id: null, created_for_id: null, organization_id: null });
    expect(await write(7 * dayMs)).to.equal(0);
  });

  it('are not written for people who switched them off', async () => {
    await fixture.db('mail_preferences').insert({
      user_id: fixture.people.rita.viewer.userId,
      kind: 'booking_reminder',
      delivery: 'off',
    });
    expect(await write(7 * dayMs)).to.equal(1);
    expect(await recipients()).to.deep.equal([]);
  });

  it('go to the examinee only when the organisation wants it and there is an address', async () => {
    await write(7 * dayMs);
    expect(await recipients()).to.deep.equal([rita]);
    await remindExaminees(null);
    await write(dayMs);
    expect(await recipients()).to.deep.equal([rita, rita]);
    await fixture.db('booking_reminders').delete();
    await fixture.db('emails').delete();
    await remindExaminees('ewan@example.com');
    await write(dayMs);
    expect(await recipients()).to.deep.equal([rita, 'examinee_reminder examinee']);
  });

  describe('when they are sent', () => {
    let mailbox: Mailbox;
    let stopMailer: () => void;
    let sender: ReturnType<typeof aSender>;
    let now: Date;

    beforeEach(async () => {
      mailbox = await openMailbox();
      const mailer = createSmtpMailer(mailbox.smtpUrl, 'Examdesk <bookings@examdesk.example>');
      stopMailer = () => mailer.close();
      now = new Date();
      sender = aSender({
        clock: { now: () => now },
        db: fixture.db,
        mailer,
        jobs: fixture.deps.jobs,
      });
    });
    afterEach(async () => {
      stopMailer();
      await mailbox.close();
    });

    const sendAll = async () => {
      for (const { id } of await written()) await sender.send(id);
    };
    const statuses = async () => (await written()).map(({ kind, status }) => `${kind} ${status}`);

    it('tell the examinee when, where and with whom, and the outbox never holds the address', async () => {
      await remindExaminees('ewan@example.com');
      await write(7 * dayMs);
      await fixture.db('emails').where({ kind: 'booking_reminder' }).delete();
      await sendAll();
      const mail = await waitForMail(mailbox);
      expect(mail.to).to.deep.equal(['ewan@example.com']);
      for (const body of [mail.text, mail.html ?? '']) {
        expect(body).to.include('Ewan Marsh').and.include('60 minutes').and.include('Harbour Legal');
        expect(body).not.to.include('CL-2207');
        expect(body).not.to.include(testLinks.booking(bookingId));
      }
      expect(await recipients()).to.deep.equal(['examinee_reminder examinee']);
      expect(await statuses()).to.deep.equal(['examinee_reminder sent']);
    });

    it('are withheld when the examination has begun by the clock of the sender', async () => {
      await remindExaminees('ewan@example.com');
      await write(7 * dayMs);
      now = startsAt;
      await sendAll();
      expect(await statuses()).to.deep.equal(['booking_reminder withheld', 'examinee_reminder withheld']);
    });

    it('are withheld when the examination was cancelled after they were written', async () => {
      await remindExaminees('ewan@example.com');
      await write(7 * dayMs);
      await fixture
        .db('bookings')
        .where({ id: bookingId })
        .update({ status: 'cancelled', current_progress: 'cancelled' });
      await sendAll();
      expect(await statuses()).to.deep.equal(['booking_reminder withheld', 'examinee_reminder withheld']);
    });
  });
});
