import { expect } from 'chai';
import { createSmtpMailer } from '../../src/adapters/smtp-mailer.ts';
import { systemIds } from '../../src/adapters/system-ids.ts';
import type { Mailbox, ReceivedMail } from '../../src/dev/mailbox.ts';
import { createEmailSender } from '../../src/email/index.ts';
import type { Mailer } from '../../src/ports/mailer.ts';
import { openHouse, silent, tuesdayAtTen, valueOf, type House } from '../support/booking-house.ts';
import { createFakeAcuity, type FakeAcuity } from '../support/fakes/acuity.ts';
import { testLinks } from '../support/links.ts';
import { openMailbox, waitForMail } from '../support/mailbox.ts';

const wednesday = new Date('2026-12-02T10:00:00+11:00');

describe("the texts of a booking's e-mails", () => {
  let house: House;
  let acuity: FakeAcuity;
  let mailbox: Mailbox;
  let mailer: Mailer & { close(): void };

  beforeEach(async () => {
    acuity = createFakeAcuity();
    acuity.offer(7001, tuesdayAtTen.toISOString(), wednesday.toISOString());
    house = await openHouse(acuity);
    mailbox = await openMailbox();
    mailer = createSmtpMailer(mailbox.smtpUrl, 'Examdesk <bookings@examdesk.example>');
  });
  afterEach(async () => {
    mailer.close();
    await mailbox.close();
    await house.close();
  });

  const book = async (by = house.people.rita) =>
    valueOf(await house.attempts.book(by, house.requestFor({ timezone: null }), null));
  const idOf = (name: keyof House['people']) => house.people[name].viewer.userId;
  /** Sends what is queued, and returns the last mail to this address. */
  async function sentTo(name: 'rita' | 'rob', subject: RegExp): Promise<ReceivedMail> {
    const sender = createEmailSender({
      db: house.db,
      mailer,
      jobs: house.deps.jobs,
      log: silent,
      links: testLinks,
      messageIdDomain: 'examdesk.example',
    });
    for (const id of await house.db('emails').where({ status: 'queued' }).pluck('id')) await sender.send(id);
    return waitForMail(
      mailbox,
      (mail) => (mail.to[0] ?? '').startsWith(`${name}@`) && subject.test(mail.subject),
    );
  }
  async function addSolicitor(bookingId: string): Promise<void> {
    await house.db('booking_contacts').insert({
      id: systemIds.uuid(),
      booking_id: bookingId,
      user_id: idOf('rob'),
      role: 'solicitor',
      created_by_id: idOf('rita'),
    });
  }

  it('moved names the earlier time and the new one', async () => {
    const { id } = await book();
    valueOf(await house.attempts.reschedule(house.people.rita, id, wednesday));
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
    await house.db('emails').delete();
    const rob = { userId: idOf('rob'), role: 'solicitor' as const };
    valueOf(await house.bookings.setContacts(house.adaAsRita, id, [rob]));
    const { text } = await sentTo('rob', /^Examination booked/);
    expect(text).to.include('Ada Lindqvist of the agency added you to this booking for Rita Alvarez.');
  });

  it('moved says that the examination has since been cancelled when it is sent late', async () => {
    const { id } = await book();
    valueOf(await house.attempts.reschedule(house.people.rita, id, wednesday));
    valueOf(await house.attempts.cancel(house.people.rita, id, null));
    const mail = await sentTo('rita', /^Examination moved/);
    expect(mail.text).to.include('This examination has since been cancelled.');
    expect(mail.text).to.not.include('Please tell the examinee.');
  });

  it('every text names the admin, to the referrer and to other contacts, when an admin acted', async () => {
    const { id } = await book(house.adaAsRita);
    expect((await sentTo('rita', /booked/)).text).to.include(
      'Ada Lindqvist of the agency made this booking for you.',
    );
    await addSolicitor(id);
    valueOf(await house.attempts.reschedule(house.adaAsRita, id, wednesday));
    expect((await sentTo('rita', /moved/)).text).to.include(
      'Ada Lindqvist of the agency moved this examination for you.',
    );
    expect((await sentTo('rob', /moved/)).text).to.include(
      'Ada Lindqvist of the agency moved this examination for Rita Alvarez.',
    );
    valueOf(await house.attempts.cancel(house.adaAsRita, id, null));
    expect((await sentTo('rita', /cancelled/)).html).to.include(
      'Ada Lindqvist of the agency cancelled this examination for you.',
    );
  });

  it('no text names the agency when the referrer acted', async () => {
    const { id } = await book();
    valueOf(await house.attempts.cancel(house.people.rita, id, null));
    for (const subject of [/booked/, /cancelled/])
      expect((await sentTo('rita', subject)).text).to.not.include('of the agency');
  });

  it('no-show reaches the referrer and says what can be done when staff record it by hand', async () => {
    const { id } = await book();
    valueOf(await house.bookings.moveProgress(house.people.sam, id, 'no_show', 'Did not come'));
    const mail = await sentTo('rita', /^Examination missed/);
    expect(mail.text)
      .to.include('The examinee did not attend')
      .and.include('move the booking to another time');
    expect(mail.text).to.not.include('Did not come');
    expect(mail.attachments).to.deep.equal([]);
    valueOf(await house.bookings.moveProgress(house.people.sam, id, 'generating_report', ''));
    expect(await house.db('emails').whereNot({ kind: 'booking_confirmation' })).to.have.length(1);
  });

  it('no-show is not sent when the move is refused', async () => {
    const { id } = await book();
    const refused = await house.bookings.moveProgress(house.people.sam, id, 'no_show', '', 99);
    expect(refused.ok).to.equal(false);
    expect(await house.db('emails').where({ kind: 'booking_no_show' })).to.deep.equal([]);
  });
});
