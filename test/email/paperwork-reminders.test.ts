import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { dayAhead } from '../support/days.ts';
import { insertDocumentRow } from '../support/document-row.ts';
import { createSmtpMailer } from '../../src/adapters/smtp-mailer.ts';
import { insertProgress, type Announce } from '../../src/bookings/index.ts';
import { createPaperworkReminders, createReminders, withholdQueued } from '../../src/email/index.ts';
import { shiftDays, startOfDay } from '../../src/lib/dates.ts';
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

const zone = 'Australia/Sydney';
const hourMs = 3_600_000;

describe('reminders of missing documents', () => {
  let ground: BookingGround;
  let fixture: BookingFixture;
  let bookingId: string;

  /** A Tuesday ahead of the real now, by which messages are checked when they are sent; no clock changes the week before. */
  const examination = dayAhead(7);
  const day = (before: number) => shiftDays(examination, -before);
  const at = (before: number, hour: number) =>
    new Date(startOfDay(day(before), zone).getTime() + hour * hourMs);
  const startsAt = at(0, 10);
  // Six business days before a Tuesday are the Monday of the week before, eight days; two more are the Thursday.
  const due = 12;

  before(async () => {
    ground = await openBookingGround();
  });
  after(() => ground.close());
  beforeEach(async () => {
    const fake = createFakeAcuity();
    fake.offer(7001, tuesdayAtTen.toISOString());
    fixture = await openBookingFixture(fake, {}, ground);
    bookingId = valueOf(await fixture.attempts.book(fixture.people.rita, fixture.requestFor(), null)).id;
    await setTo({ starts_at: startsAt });
    await fixture.db('booking_progress').update({ created_at: at(25, 9) });
    await fixture.db('emails').delete();
    await ownRules(6, null);
  });

  const setTo = (columns: Record<string, unknown>) =>
    fixture.db('bookings').where({ id: bookingId }).update(columns);
  async function ownRules(consentForm: number | null, brief: number | null): Promise<void> {
    const specialist_id = fixture.specialistOf(7001);
    await fixture.db('paperwork_rules').where({ specialist_id }).delete();
    await fixture.db('paperwork_rules').insert([
      { specialist_id, category: 'consent_form', business_days: consentForm },
      { specialist_id, category: 'brief', business_days: brief },
    ]);
  }
  const write = (before: number, hour: number, announce: Announce = fixture.deps.announce) =>
    createPaperworkReminders({ ...fixture.deps, announce, clock: { now: () => at(before, hour) } }).write();
  const written = (): Promise<Record<'id' | 'kind' | 'recipient' | 'status', string>[]> =>
    fixture.db('emails').orderBy('created_at').select('id', 'kind', 'recipient', 'status');
  const recipients = async () => (await written()).map(({ kind, recipient }) => `${kind} ${recipient}`);
  const put = (category: 'consent_form' | 'brief') =>
    insertDocumentRow(fixture.db, {
      booking_id: bookingId,
      category,
      uploaded_by_id: fixture.people.rita.viewer.userId,
    });
  const switchOff = (kind: string) =>
    fixture
      .db('mail_preferences')
      .insert({ user_id: fixture.people.rita.viewer.userId, kind, delivery: 'off' });
  const rita = 'paperwork_reminder rita@harbour-legal.example';

  it('are written once, from seven in the morning two business days before the document is due', async () => {
    expect(await write(due + 1, 12)).to.equal(0);
    expect(await write(due, 6)).to.equal(0);
    expect(await write(due, 7)).to.equal(1);
    expect(await write(due, 8)).to.equal(0);
    expect(await write(due - 1, 8)).to.equal(0);
    expect(await recipients()).to.deep.equal([rita]);
  });

  it('name all documents of one day in one message, and others in their own', async () => {
    await ownRules(6, 6);
    expect(await write(due, 8)).to.equal(1);
    expect(await recipients()).to.deep.equal([rita]);
    await ownRules(6, 5);
    await fixture.db('emails').delete();
    expect([await write(due, 8), await write(due, 9)]).to.deep.equal([1, 0]);
    expect(await write(due - 1, 8)).to.equal(1);
    expect(await recipients()).to.deep.equal([rita, rita]);
  });

  it('are written once when three workers write at the same time', async () => {
    expect(await Promise.all([write(due, 8), write(due, 8), write(due, 8)])).to.have.members([0, 0, 1]);
    expect(await recipients()).to.deep.equal([rita]);
  });

  it('are written late when the worker was away, and not once the examination has begun', async () => {
    expect(await write(0, 10)).to.equal(0);
    expect(await write(3, 8)).to.equal(1);
  });

  it('are written again when the process dies before it commits', async () => {
    const { announce } = fixture.deps;
    const dying: Announce = Object.assign(
      async (...given: Parameters<Announce>) => {
        await announce(...given);
        throw new Error('killed');
      },
      { writeQueries: announce.writeQueries, inTwoSteps: announce.inTwoSteps },
    );
    const error = await write(due, 8, dying).catch((thrown: unknown) => thrown);
    expect(error).to.be.an('error').with.property('message', 'killed');
    expect(await recipients()).to.deep.equal([]);
    expect(await write(due, 8)).to.equal(1);
    expect(await recipients()).to.deep.equal([rita]);
  });

  it('are not written when the document is there, or the booking cancelled or without a referrer', async () => {
    await setTo({ status: 'cancelled', current_progress: 'cancelled' });
    expect(await write(due, 8)).to.equal(0);
    await setTo({ status: 'active', current_progress: 'scheduled', source: 'acuity_direct' });
    await setTo({ created_by_id: null, created_for_id: null, organization_id: null });
    expect(await write(due, 8)).to.equal(0);
    await setTo({
      created_by_id: fixture.people.rita.viewer.userId,
      organization_id: fixture.people.rita.viewer.organization?.id,
    });
    await put('consent_form');
    expect(await write(due, 8)).to.equal(0);
  });

  it('wait for the next day when the examination got its time today', async () => {
    await fixture.db('booking_progress').update({ created_at: at(5, 1) });
    expect(await write(5, 20)).to.equal(0);
    expect(await write(4, 8)).to.equal(1);
  });

  it('are written again for the new time when the examination moved', async () => {
    await write(due, 8);
    await setTo({ starts_at: new Date(startsAt.getTime() + 14 * 24 * hourMs) });
    await fixture.db.transaction((trx) =>
      insertProgress(trx, {
        id: randomUUID(),
        bookingId,
        progress: 'rescheduled',
        changedById: fixture.people.rita.viewer.userId,
        changedForId: null,
        source: 'portal',
        notes: '',
      }),
    );
    await fixture.db('booking_progress').update({ created_at: at(due, 9) });
    expect(await write(due - 1, 8)).to.equal(0);
    expect(await write(due - 14, 8)).to.equal(1);
    expect(await recipients()).to.deep.equal([rita, rita]);
  });

  it('are not written for people who switched them off, nor after a restore', async () => {
    await fixture.db.transaction(async (trx) => {
      await trx('bookings')
        .where({ id: bookingId })
        .update({ starts_at: new Date(Date.now() + 24 * hourMs) });
      await withholdQueued(trx, new Date());
    });
    expect(await fixture.db('paperwork_reminders').select('booking_id')).to.have.length(1);
    await setTo({ starts_at: startsAt });
    await switchOff('paperwork_reminder');
    expect(await write(due, 8)).to.equal(1);
    expect(await recipients()).to.deep.equal([]);
  });

  describe('on the day of a reminder of the examination', () => {
    // Three business days before a Tuesday are the Thursday, five days; two more are the Tuesday: seven.
    beforeEach(() => ownRules(3, null));
    const remind = (before: number, hour: number) =>
      createReminders({ ...fixture.deps, clock: { now: () => at(before, hour) } }).write();

    it('leave it to that reminder, whichever is written first', async () => {
      expect(await write(7, 8)).to.equal(1);
      expect(await remind(7, 10)).to.equal(1);
      expect(await recipients()).to.deep.equal(['booking_reminder rita@harbour-legal.example']);
      await fixture.db('emails').delete();
      await fixture.db('booking_reminders').delete();
      await fixture.db('paperwork_reminders').delete();
      expect(await remind(7, 10)).to.equal(1);
      expect(await write(7, 11)).to.equal(1);
      expect(await write(6, 8)).to.equal(0);
      expect(await recipients()).to.deep.equal(['booking_reminder rita@harbour-legal.example']);
    });

    it('go to people who switched that reminder off', async () => {
      await switchOff('booking_reminder');
      expect(await write(7, 8)).to.equal(1);
      await remind(7, 10);
      expect(await recipients()).to.deep.equal([rita]);
    });
  });

  describe('when they are sent', () => {
    async function send() {
      const mailbox = await openMailbox();
      const mailer = createSmtpMailer(mailbox.smtpUrl, 'Examdesk <bookings@examdesk.example>');
      const { db, deps } = fixture;
      const sender = aSender({
        db,
        mailer,
        jobs: deps.jobs,
      });
      for (const { id } of await written()) await sender.send(id);
      const states = (await written()).map(({ status }) => status);
      const mail = states.includes('sent') ? await waitForMail(mailbox) : null;
      mailer.close();
      await mailbox.close();
      return { states, mail };
    }

    it('say what is missing, until when, and where to upload it', async () => {
      await ownRules(6, 6);
      await write(due, 8);
      const { mail } = await send();
      expect(mail?.subject).to.match(/^Documents needed: examination EX-/);
      for (const body of [mail?.text ?? '', mail?.html ?? '']) {
        expect(body).to.include('Consent form and brief are missing');
        expect(body).to.match(/please upload by\s+[A-Z][a-z]+day\s/);
        expect(body).to.include(`${testLinks.booking(bookingId)}#documents`);
      }
    });

    it('are withheld when the document has arrived since', async () => {
      await write(due, 8);
      await put('consent_form');
      expect((await send()).states).to.deep.equal(['withheld']);
    });
  });
});
