// Bookings made in Acuity whose referrer is unknown: staff are told, and the referrer once somebody assigns one.
import { expect } from 'chai';
import { createSmtpMailer } from '../../src/adapters/smtp-mailer.ts';
import type { Actor } from '../../src/accounts/index.ts';
import { compose } from '../../src/compose.ts';
import type { Mailbox, ReceivedMail } from '../../src/dev/mailbox.ts';
import { createUnassignedDigest } from '../../src/email/index.ts';
import { paths } from '../../src/http/paths.ts';
import type { Mailer } from '../../src/ports/mailer.ts';
import { openAppGround, type AppGround } from '../support/app-ground.ts';
import { peopleOf, reasonOf, valueOf, type BookingFixture } from '../support/booking-fixture.ts';
import { testLinks } from '../support/links.ts';
import { openMailbox, waitForMail } from '../support/mailbox.ts';
import { openWebhookStack, type WebhookStack } from '../support/webhook-stack.ts';
import { aSender } from '../support/mail-parts.ts';

const unknown = { email: 'somebody@elsewhere.example' };

describe('booking without a referrer', () => {
  let ground: AppGround;
  let stack: WebhookStack;
  let mailbox: Mailbox;
  let people: BookingFixture['people'];
  let mailer: Mailer & { close(): void };

  before(async () => {
    ground = await openAppGround();
  });
  after(() => ground.close());
  beforeEach(async () => {
    mailbox = await openMailbox();
    stack = await openWebhookStack({ ground });
    people = await peopleOf(stack.app.db);
    mailer = createSmtpMailer(mailbox.smtpUrl, 'Examdesk <bookings@examdesk.example>');
  });
  afterEach(async () => {
    mailer.close();
    await stack.close();
    await mailbox.close();
  });

  const emails = () =>
    stack.app.db('emails').orderBy(['created_at', 'recipient']).select('kind', 'recipient') as Promise<
      { kind: string; recipient: string }[]
    >;
  const told = async () =>
    (await emails()).map(({ kind, recipient }) => `${kind} to ${recipient.split('@')[0]}`);
  const bookingOf = async (appointmentId: number) => {
    const booking = await stack.booking(appointmentId);
    if (!booking) throw new Error(`Appointment ${appointmentId} has no booking`);
    return booking;
  };
  const assign = async (appointmentId: number, to: 'rita' | 'rob' | 'nadia', by: Actor = people.sam) => {
    const { id, version } = await bookingOf(appointmentId);
    return stack.app.system.services.bookings.assign(by, id, version, people[to].viewer.userId);
  };
  /** No worker runs here, because its cron jobs would write digests too. */
  async function deliver(): Promise<void> {
    const { db, system } = stack.app;
    const sender = aSender({
      db,
      mailer,
      jobs: system.services.jobs,
    });
    for (const id of await db('emails').where({ status: 'queued' }).pluck('id')) await sender.send(id);
  }
  async function mailWith(subject: string): Promise<ReceivedMail> {
    await deliver();
    return waitForMail(mailbox, (mail) => mail.subject.startsWith(subject));
  }
  const move = (id: number, datetime: string) =>
    stack.staff('PUT', `/appointments/${id}/reschedule?admin=true`, { datetime });
  const hoursLater = (datetime: string, hours: number) =>
    new Date(new Date(datetime).getTime() + hours * 3_600_000).toISOString();

  it('assigning sends the referrer the confirmation with the present time', async () => {
    const { id, datetime } = await stack.makeAppointment(unknown);
    await stack.settled();
    await move(id, hoursLater(datetime, 2));
    await stack.settled();
    expect(await told()).to.deep.equal([]);
    valueOf(await assign(id, 'rita'));
    const mail = await mailWith('Examination booked');
    expect(mail.to).to.deep.equal(['rita@harbour-legal.example']);
    expect(mail.text).to.match(/12:00.pm|1:00.pm|11:00.am/);
    expect(await told()).to.deep.equal(['booking_confirmation to rita']);
  });

  it('assigning tells the referrer once of the cancellation when the booking was cancelled before', async () => {
    const { id } = await stack.makeAppointment(unknown);
    await stack.settled();
    await stack.staff('PUT', `/appointments/${id}/cancel?admin=true`, {});
    await stack.settled();
    valueOf(await assign(id, 'rita'));
    const mail = await mailWith('Examination cancelled');
    expect(mail.to).to.deep.equal(['rita@harbour-legal.example']);
    expect(mail.text).to.include('you will need to make a new booking');
    expect(await told()).to.deep.equal(['booking_cancelled to rita']);
    expect(reasonOf(await assign(id, 'rob', people.ada))).to.include({ reason: 'invalid' });
    expect(await bookingOf(id)).to.include({ created_by_id: people.rita.viewer.userId, status: 'cancelled' });
  });

  it('assigning tells nobody when the examination is over', async () => {
    const { id } = await stack.makeAppointment(unknown);
    await stack.settled();
    await stack.app
      .db('bookings')
      .where({ acuity_appointment_id: id })
      .update({ starts_at: new Date(Date.now() - 86_400_000) });
    valueOf(await assign(id, 'rita'));
    expect(await told()).to.deep.equal([]);
  });

  it('assigning tells the referrer of the no-show when the examinee did not attend', async () => {
    const { id } = await stack.makeAppointment(unknown);
    await stack.settled();
    await stack.staff('PUT', `/appointments/${id}/cancel?admin=true`, { noShow: true });
    await stack.settled();
    valueOf(await assign(id, 'rita'));
    await mailWith('Examination missed');
    expect(await told()).to.deep.equal(['booking_no_show to rita']);
  });

  it('assigning makes the referrer receive later moves and cancellations', async () => {
    const { id, datetime } = await stack.makeAppointment(unknown);
    await stack.settled();
    valueOf(await assign(id, 'rita'));
    await move(id, hoursLater(datetime, 2));
    await stack.settled();
    const moved = await mailWith('Examination moved');
    expect(moved.text).to.match(/The examination was at \d+:00.am, .* It is now at \d+:00.[ap]m, /s);
    await stack.staff('PUT', `/appointments/${id}/cancel?admin=true`, {});
    await stack.settled();
    await mailWith('Examination cancelled');
    expect(await told()).to.deep.equal(
      ['booking_confirmation', 'booking_rescheduled', 'booking_cancelled'].map((kind) => `${kind} to rita`),
    );
  });

  it('assigning tells only the new referrer when an admin corrects it', async () => {
    const { id } = await stack.makeAppointment();
    await stack.settled();
    valueOf(await assign(id, 'nadia', people.ada));
    await deliver();
    await waitForMail(mailbox, ({ to }) => to.includes('nadia@northside-claims.example'));
    expect(await told()).to.deep.equal(['booking_confirmation to rita', 'booking_confirmation to nadia']);
    valueOf(await assign(id, 'rita', people.ada));
    expect((await told()).slice(2), 'it may have changed meanwhile').to.deep.equal([
      'booking_confirmation to rita',
    ]);
  });

  it('assigning writes one message when two members of staff do it concurrently', async () => {
    const { id } = await stack.makeAppointment(unknown);
    await stack.settled();
    const answers = await Promise.all([assign(id, 'rita'), assign(id, 'rita', people.ada)]);
    expect(answers.filter(({ ok }) => ok)).to.have.length(1);
    expect(await told()).to.deep.equal(['booking_confirmation to rita']);
  });

  it('assigning accepts only referrers of the named organisation when support does it', async () => {
    const { id } = await stack.makeAppointment({
      ...unknown,
      fields: [{ id: 9108, value: 'northside claims' }],
    });
    await stack.settled();
    expect(reasonOf(await assign(id, 'rita'))).to.deep.include({ reason: 'invalid' });
    valueOf(await assign(id, 'nadia'));
    expect(await told()).to.deep.equal(['booking_confirmation to nadia']);
    expect(reasonOf(await assign(id, 'nadia'))).to.deep.include({ reason: 'invalid' });
  });

  it('following tells the referrer the present state when Acuity names them later', async () => {
    const { id, datetime } = await stack.makeAppointment(unknown);
    await stack.settled();
    await stack.control('/webhooks', { enabled: false });
    await move(id, hoursLater(datetime, 2));
    await stack.control('/webhooks', { enabled: true });
    await stack.staff('PUT', `/appointments/${id}?admin=true`, { email: 'Rita@Harbour-Legal.example' });
    await stack.settled();
    const { viewer } = people.rita;
    expect(await bookingOf(id)).to.include({
      created_by_id: viewer.userId,
      organization_id: viewer.organization?.id,
      current_progress: 'rescheduled',
    });
    await mailWith('Examination booked');
    expect(await told(), 'not also that it moved').to.deep.equal(['booking_confirmation to rita']);
    await stack.staff('PUT', `/appointments/${id}?admin=true`, { email: 'nadia@northside-claims.example' });
    await stack.settled();
    expect(await bookingOf(id)).to.include({ created_by_id: viewer.userId });
  });

  it('following leaves a booking to staff when the referrer is of another organisation', async () => {
    const { id } = await stack.makeAppointment({
      ...unknown,
      fields: [{ id: 9108, value: 'northside claims' }],
    });
    await stack.settled();
    await stack.staff('PUT', `/appointments/${id}?admin=true`, { email: 'rita@harbour-legal.example' });
    await stack.settled();
    expect(await bookingOf(id)).to.include({ created_by_id: null });
    expect(await told()).to.deep.equal([]);
  });

  it('import and following tell nobody when the examination is over', async () => {
    await stack.control('/webhooks', { enabled: false });
    const { id, datetime } = await stack.makeAppointment();
    const dayAfter = { now: () => new Date(new Date(datetime).getTime() + 86_400_000) };
    const { config, log } = stack.app.system.services;
    const later = compose(config, { log, clock: dayAfter });
    try {
      const converge = () => later.services.convergence.converge(id, { source: 'reconciliation' });
      expect(await converge()).to.include({ ok: true, outcome: 'created' });
      await move(id, hoursLater(datetime, 2));
      expect(await converge()).to.include({ ok: true, outcome: 'updated' });
      await stack.staff('PUT', `/appointments/${id}/cancel?admin=true`, {});
      expect(await converge()).to.include({ ok: true, outcome: 'cancelled' });
      expect(await told()).to.deep.equal([]);
    } finally {
      await later.close();
    }
  });

  describe('mail to support', () => {
    const digest = (jobs = stack.app.system.services.jobs) =>
      createUnassignedDigest({ ...stack.app.system.services, jobs });

    it('counts new bookings and contains no names', async () => {
      await stack.makeAppointment(unknown);
      await stack.makeAppointment(unknown);
      await stack.settled();
      expect(await digest().write()).to.equal(2);
      const mail = await mailWith('2 bookings from Acuity need a referrer');
      expect(mail.to).to.deep.equal(['sam@examdesk.example']);
      expect(mail.text)
        .to.include(testLinks.bookingsWithoutReferrer())
        .and.include(testLinks.mailPreferences());
      expect(`${mail.text}${mail.html}`).to.not.match(/Ewan|Marsh|EX-|elsewhere/);
      const sam = await stack.app.signIn('sam@examdesk.example');
      await sam.get(paths.bookingsWithoutReferrer()).expect(200);
      await stack.makeAppointment(unknown);
      await stack.settled();
      expect(await digest().write()).to.equal(1);
      expect((await mailWith('A booking from Acuity needs a referrer')).text).to.match(/Unassigned now: 3/);
      expect(await digest().write(), 'nothing new').to.equal(0);
      expect(await told()).to.have.length(2);
    });

    it('is written once when several workers write it concurrently', async () => {
      await stack.makeAppointment(unknown);
      await stack.settled();
      const counts = await Promise.all([digest().write(), digest().write(), digest().write()]);
      expect(counts).to.have.members([0, 0, 1]);
      expect(await told()).to.deep.equal(['unassigned_bookings to sam']);
    });

    it('is sent later when its worker died before the end', async () => {
      await stack.makeAppointment(unknown);
      await stack.settled();
      const { jobs } = stack.app.system.services;
      const failing = digest({ ...jobs, add: () => Promise.reject(new Error('gone')) });
      await failing.write().catch((error: unknown) => expect(error).to.have.property('message', 'gone'));
      expect(await told()).to.deep.equal([]);
      expect(await digest().write()).to.equal(1);
    });

    it('goes to admins when no support person receives it, and waits when nobody does', async () => {
      const { db } = stack.app;
      await stack.makeAppointment(unknown);
      await stack.settled();
      const off = (who: 'sam' | 'ada') =>
        db('mail_preferences').insert({
          user_id: people[who].viewer.userId,
          kind: 'unassigned_bookings',
          delivery: 'off',
        });
      await off('sam');
      await off('ada');
      expect(await digest().write()).to.equal(0);
      await db('mail_preferences').where({ user_id: people.ada.viewer.userId }).delete();
      expect(await digest().write()).to.equal(1);
      expect(await told()).to.deep.equal(['unassigned_bookings to ada']);
    });

    it('says that nothing is left when all bookings were assigned before it was sent', async () => {
      const { id } = await stack.makeAppointment(unknown);
      await stack.settled();
      await digest().write();
      valueOf(await assign(id, 'rita'));
      const mail = await mailWith('A booking from Acuity needs a referrer');
      expect(mail.text).to.include('All of them have been assigned since');
    });

    it('matches the console’s count, which includes future cancelled bookings until they are assigned', async () => {
      const { id } = await stack.makeAppointment(unknown);
      await stack.settled();
      const sam = await stack.app.signIn('sam@examdesk.example');
      const waiting = async () => {
        const { body } = await sam.get('/admin/api/dashboard').expect(200);
        return (body.attention as { label: string; count: number }[]).find(
          ({ label }) => label === 'Bookings without a referrer',
        )?.count;
      };
      expect(await waiting()).to.equal(1);
      await stack.staff('PUT', `/appointments/${id}/cancel?admin=true`, {});
      await stack.settled();
      expect(await waiting()).to.equal(1);
      valueOf(await assign(id, 'rita'));
      expect(await waiting()).to.equal(0);
    });
  });
});
