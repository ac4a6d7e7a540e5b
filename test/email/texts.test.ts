import { expect } from 'chai';
import { createSmtpMailer } from '../../src/adapters/smtp-mailer.ts';
import { systemIds } from '../../src/adapters/system-ids.ts';
import type { Mailbox, ReceivedMail } from '../../src/dev/mailbox.ts';
import type { Mailer } from '../../src/ports/mailer.ts';
import {
  openBookingFixture,
  openBookingGround,
  tuesdayAtTen,
  valueOf,
  type BookingFixture,
  type BookingGround,
} from '../support/booking-fixture.ts';
import { createFakeAcuity, type FakeAcuity } from '../support/fakes/acuity.ts';
import { openMailbox, waitForMail } from '../support/mailbox.ts';
import { aSender } from '../support/mail-parts.ts';

const wednesday = new Date('2026-12-02T10:00:00+11:00');

describe("the texts of a booking's e-mails", () => {
  let ground: BookingGround;
  let fixture: BookingFixture;
  let acuity: FakeAcuity;
  let mailbox: Mailbox;
  let mailer: Mailer & { close(): void };

  before(async () => {
    ground = await openBookingGround();
  });
  after(() => ground.close());
  beforeEach(async () => {
    acuity = createFakeAcuity();
    acuity.offer(7001, tuesdayAtTen.toISOString(), wednesday.toISOString());
    fixture = await openBookingFixture(acuity, {}, ground);
    mailbox = await openMailbox();
    mailer = createSmtpMailer(mailbox.smtpUrl, 'Examdesk <bookings@examdesk.example>');
  });
  afterEach(async () => {
    mailer.close();
    await mailbox.close();
  });

  const book = async (by = fixture.people.rita) =>
    valueOf(await fixture.attempts.book(by, fixture.requestFor({ timezone: null }), null));
  const idOf = (name: keyof BookingFixture['people']) => fixture.people[name].viewer.userId;
  /** Sends what is queued, and returns the last mail to this address. */
  async function sentTo(name: 'rita' | 'rob', subject: RegExp): Promise<ReceivedMail> {
    const sender = aSender({
      db: fixture.db,
      mailer,
      jobs: fixture.deps.jobs,
    });
    for (const id of await fixture.db('emails').where({ status: 'queued' }).pluck('id'))
      await sender.send(id);
    return waitForMail(
      mailbox,
      (mail) => (mail.to[0] ?? '').startsWith(`${name}@`) && subject.test(mail.subject),
    );
  }
  async function addSolicitor(bookingId: string): Promise<void> {
    await fixture.db('booking_contacts').insert({
      id: systemIds.uuid(),
      booking_id: bookingId,
      user_id: idOf('rob'),
      role: 'solicitor',
      created_by_id: idOf('rita'),
    });
  }

  it('moved names the earlier time and the new one', async () => {
    const { id } = await book();
    valueOf(await fixture.attempts.reschedule(fixture.people.rita, id, wednesday));
    const mail = await sentTo('rita', /^Examination moved/);
    const [was, is] = [
      '10:00.am, Tuesday 1 December 2026 \\(Sydney time, AEDT\\)',
      '10:00.am, Wednesday 2 December 2026 \\(Sydney time, AEDT\\)',
    ];
    for (const body of [mail.text, mail.html ?? ''])
      expect(body).to.match(new RegExp(`The examination was at ${was}. It is now at ${is}.`));
    expect(mail.text).to.include('Please tell the examinee.').and.not.include('has since been');
  });

  it('confirmation to a new solicitor names the admin when one added them while acting', async () => {
    const { id } = await book();
    await fixture.db('emails').delete();
    const rob = { userId: idOf('rob'), role: 'solicitor' as const };
    valueOf(await fixture.bookings.setContacts(fixture.adaAsRita, id, [rob]));
    const { text } = await sentTo('rob', /^Examination booked/);
    expect(text).to.include('Ada Lindqvist of the agency added you to this booking for Rita Alvarez.');
  });

  it('moved says that the examination has since been cancelled when it is sent late', async () => {
    const { id } = await book();
    valueOf(await fixture.attempts.reschedule(fixture.people.rita, id, wednesday));
    valueOf(await fixture.attempts.cancel(fixture.people.rita, id, null));
    const mail = await sentTo('rita', /^Examination moved/);
    expect(mail.text).to.include('This examination has since been cancelled.');
    expect(mail.text).to.not.include('Please tell the examinee.');
  });

  it('every text names the admin, to the referrer and to other contacts, when an admin acted', async () => {
    const { id } = await book(fixture.adaAsRita);
    expect((await sentTo('rita', /booked/)).text).to.include(
      'Ada Lindqvist of the agency made this booking for you.',
    );
    await addSolicitor(id);
    valueOf(await fixture.attempts.reschedule(fixture.adaAsRita, id, wednesday));
    expect((await sentTo('rita', /moved/)).text).to.include(
      'Ada Lindqvist of the agency moved this examination for you.',
    );
    expect((await sentTo('rob', /moved/)).text).to.include(
      'Ada Lindqvist of the agency moved this examination for Rita Alvarez.',
    );
    valueOf(await fixture.attempts.cancel(fixture.adaAsRita, id, null));
    expect((await sentTo('rita', /cancelled/)).html).to.include(
      'Ada Lindqvist of the agency cancelled this examination for you.',
    );
  });

  it('no text names the agency when the referrer acted', async () => {
    const { id } = await book();
    valueOf(await fixture.attempts.cancel(fixture.people.rita, id, null));
    for (const subject of [/booked/, /cancelled/])
      expect((await sentTo('rita', subject)).text).to.not.include('of the agency');
  });

  it('no-show reaches the referrer and says what can be done when staff record it by hand', async () => {
    const { id } = await book();
    valueOf(await fixture.bookings.moveProgress(fixture.people.sam, id, 'no_show', 'Did not come'));
    const mail = await sentTo('rita', /^Examination missed/);
    expect(mail.text)
      .to.include('The examinee did not attend')
      .and.include('move the booking to another time');
    expect(mail.text).to.not.include('Did not come');
    expect(mail.attachments).to.deep.equal([]);
    valueOf(await fixture.bookings.moveProgress(fixture.people.sam, id, 'generating_report', ''));
    expect(await fixture.db('emails').whereNot({ kind: 'booking_confirmation' })).to.have.length(1);
  });

  it('no-show is not sent when the move is refused', async () => {
    const { id } = await book();
    const refused = await fixture.bookings.moveProgress(fixture.people.sam, id, 'no_show', '', 99);
    expect(refused.ok).to.equal(false);
    expect(await fixture.db('emails').where({ kind: 'booking_no_show' })).to.deep.equal([]);
  });
});
