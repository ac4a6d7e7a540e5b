import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import ICAL from 'ical.js';
import { SMTPServer } from 'smtp-server';
import { createSmtpMailer } from '../../src/adapters/smtp-mailer.ts';
import type { Actor } from '../../src/accounts/index.ts';
import { auditLog } from '../../src/audit/index.ts';
import { createBookingDrafts, type BookingRequest } from '../../src/bookings/index.ts';
import { startMailbox, type Mailbox } from '../../src/dev/mailbox.ts';
import { noDocumentCare } from '../../src/documents/index.ts';
import { resendEmail, type EmailSender } from '../../src/email/index.ts';
import { createJobHandlers, createWorker, type Worker } from '../../src/jobs/index.ts';
import type { Mailer } from '../../src/ports/mailer.ts';
import { systemIds } from '../../src/adapters/system-ids.ts';
import {
  openBookingFixture,
  reasonOf,
  silent,
  testClock,
  tuesdayAtTen,
  valueOf,
  type BookingFixture,
} from '../support/booking-fixture.ts';
import { aField, aForm } from '../support/builders/form.ts';
import { createFakeAcuity, detailsForm, type FakeAcuity } from '../support/fakes/acuity.ts';
import { withFaults, type FaultyAcuity } from '../support/faulty-acuity.ts';
import { forgetForms } from '../support/kept-questions.ts';
import { testLinks } from '../support/links.ts';
import { openMailbox, waitForMail } from '../support/mailbox.ts';
import { aReferrer } from '../support/own-people.ts';
import { until } from '../support/until.ts';
import { aSender } from '../support/mail-parts.ts';

describe('the e-mails of a booking', () => {
  let fake: FakeAcuity;
  let acuity: FaultyAcuity;
  let fixture: BookingFixture;
  let mailbox: Mailbox;
  let worker: Worker | null = null;
  const closing: (() => void)[] = [];

  before(async () => {
    fake = createFakeAcuity();
    acuity = withFaults(fake);
    fixture = await openBookingFixture(acuity);
    mailbox = await openMailbox();
  });
  after(async () => {
    await mailbox.close();
    await fixture.close();
  });
  afterEach(async () => {
    await worker?.stop();
    worker = null;
    for (const close of closing.splice(0)) close();
    // What a test leaves undone, the worker of the next one would do.
    await fixture.passTime();
    await fixture.settlement.sweep();
    await fixture.db.raw('delete from graphile_worker._private_jobs');
    await fixture.db('emails').delete();
    await mailbox.clear();
  });

  let days = 0;
  /** A time that no other test books. */
  const freeTime = (): Date => {
    days += 1;
    const startsAt = new Date(Date.UTC(2027, 1, days));
    fake.offer(7001, startsAt.toISOString());
    return startsAt;
  };
  const requestFor = (change: Partial<BookingRequest> = {}) =>
    fixture.requestFor({ startsAt: freeTime(), ...change });
  const book = async (by: Actor = fixture.people.rita, request = requestFor()) =>
    valueOf(await fixture.attempts.book(by, request, null));
  /** A colleague of Rita, for tests that change or remove them. */
  const aColleague = async (): Promise<Actor> => {
    const { viewer, request } = fixture.people.rita;
    const { id: userId, name, email } = await aReferrer(fixture.db);
    return { viewer: { ...viewer, userId, name, email }, request };
  };

  function senderTo(smtpUrl: string, wrap: (mailer: Mailer) => Mailer = (mailer) => mailer): EmailSender {
    const mailer = createSmtpMailer(smtpUrl, 'Examdesk <bookings@examdesk.example>');
    closing.push(() => mailer.close());
    return aSender({
      db: fixture.db,
      mailer: wrap(mailer),
      jobs: fixture.deps.jobs,
      firstPauseMs: 200,
    });
  }
  async function work(emails: EmailSender): Promise<void> {
    const handlers = createJobHandlers({
      impersonation: { endIdle: () => Promise.resolve(0) },
      accounts: { removeExpired: () => Promise.resolve(0), renewSecondSteps: () => Promise.resolve(0) },
      jobs: fixture.deps.jobs,
      settlement: fixture.settlement,
      drafts: createBookingDrafts(fixture.db, testClock, systemIds),
      paperwork: { refresh: () => Promise.resolve() },
      emails,
      waitListOffers: { offerFreed: () => Promise.resolve(0) },
      bulkWork: { continue: () => Promise.resolve(), sweep: () => Promise.resolve(0) },
      nextFreeFiller: { fill: () => Promise.resolve(0) },
      unassignedDigest: { write: () => Promise.resolve(0) },
      unansweredDigest: { write: () => Promise.resolve(0) },
      reminders: { write: () => Promise.resolve(0) },
      dailyDigest: { write: () => Promise.resolve(0) },
      paperworkReminders: { write: () => Promise.resolve(0) },
      documentCare: noDocumentCare,
      convergence: { fetchMeetingLink: () => Promise.resolve() },
      sync: {
        resume: () => Promise.resolve(null),
        reconcileNear: () => Promise.resolve(null),
        reconcileAll: () => Promise.resolve(null),
        checkSubscriptions: () => Promise.resolve(),
        removeOld: () => Promise.resolve(0),
      },
      sealAudit: () => Promise.resolve(0),
    });
    worker = createWorker({
      databaseUrl: fixture.url,
      handlers,
      jobs: fixture.deps.jobs,
      log: silent,
      concurrency: 2,
    });
    await worker.start();
  }
  const outbox = async () =>
    (await fixture.db('emails').orderBy('created_at').select('*')) as {
      id: string;
      status: string;
      attempts: number;
      last_error: string | null;
    }[];

  it('confirmation names time and zones, and carries the calendar file', async () => {
    await work(senderTo(mailbox.smtpUrl));
    fake.offer(7001, tuesdayAtTen.toISOString());
    const booking = await book(fixture.people.rita, requestFor({ startsAt: tuesdayAtTen }));
    const mail = await waitForMail(mailbox);
    expect(mail.to).to.deep.equal(['rita@harbour-legal.example']);
    expect(mail.subject).to.equal(`Examination booked: ${booking.reference}, Tuesday 1 December 2026`);
    for (const body of [mail.text, mail.html ?? '']) {
      expect(body).to.include('10:00 am, Tuesday 1 December 2026 (Sydney time, AEDT), which is 7:00 am');
      expect(body).to.include('Perth time (AWST)');
      expect(body).to.include(testLinks.booking(booking.id));
      expect(body).to.include('Ewan Marsh');
    }
    expect(mail.attachments.map(({ fileName, contentType }) => ({ fileName, contentType }))).to.deep.equal([
      { fileName: `${booking.reference}.ics`, contentType: 'text/calendar' },
    ]);
    const [calendar] = mail.attachments;
    const ics = calendar?.content.toString().replaceAll(/\r\n[ \t]/g, '') ?? '';
    expect(ics)
      .to.include('DTSTART:20261130T230000Z')
      .and.include(`UID:${booking.id}`)
      .and.include('METHOD:REQUEST')
      .and.match(/ORGANIZER;CN="Examdesk":mailto:bookings@desk.example/);
    expect(/SUMMARY:.*/.exec(ics)?.[0]).to.equal(
      `SUMMARY:Examination ${booking.reference}\\, Dr Amelia Hart`,
    );
    await until(async () => (await outbox())[0]?.status === 'sent');
    expect((await outbox())[0]).to.include({ message_id: mail.messageId });
  });

  it('calendar files change one entry in place and remove it when the booking moves twice and is cancelled', async () => {
    const times = [freeTime(), freeTime(), freeTime()] as const;
    await work(senderTo(mailbox.smtpUrl));
    const booking = await book(fixture.people.rita, requestFor({ startsAt: times[0] }));
    const entry = async (subject: RegExp) => {
      const mail = await waitForMail(mailbox, (one) => subject.test(one.subject));
      const file = mail.attachments[0]?.content.toString() ?? expect.fail('The mail has no calendar file');
      const calendar = ICAL.Component.fromString(file);
      const event = calendar.getFirstSubcomponent('vevent') ?? expect.fail('The file has no event');
      const text = (name: string) => String(event.getFirstPropertyValue(name));
      const attendees = event.getAllProperties('attendee');
      expect(text('uid')).to.equal(booking.id);
      expect(text('organizer')).to.equal('mailto:bookings@desk.example');
      expect(attendees.map((one) => String(one.getFirstValue()).toLowerCase())).to.deep.equal([
        'mailto:rita@harbour-legal.example',
      ]);
      expect(attendees[0]?.getParameter('rsvp')).to.equal('FALSE');
      await mailbox.clear();
      return {
        method: calendar.getFirstPropertyValue('method'),
        sequence: Number(text('sequence')),
        status: text('status'),
        startsAt: (event.getFirstPropertyValue('dtstart') as ICAL.Time).toJSDate().toISOString(),
      };
    };

    const entries = [await entry(/booked/)];
    for (const startsAt of times.slice(1)) {
      valueOf(await fixture.attempts.reschedule(fixture.people.rita, booking.id, startsAt));
      entries.push(await entry(/moved/));
    }
    valueOf(await fixture.attempts.cancel(fixture.people.rita, booking.id, null));
    entries.push(await entry(/cancelled/));

    expect(entries.map(({ method, status, startsAt }) => [method, status, startsAt])).to.deep.equal([
      ['REQUEST', 'CONFIRMED', times[0].toISOString()],
      ['REQUEST', 'CONFIRMED', times[1].toISOString()],
      ['REQUEST', 'CONFIRMED', times[2].toISOString()],
      ['CANCEL', 'CANCELLED', times[2].toISOString()],
    ]);
    const sequences = entries.map(({ sequence }) => sequence);
    expect(sequences, 'each is newer').to.deep.equal([...new Set(sequences)].toSorted((a, b) => a - b));
  });

  it('every text names the interpreter’s language when one is needed', async () => {
    await work(senderTo(mailbox.smtpUrl));
    const request = requestFor();
    const examinee = { ...request.examinee, interpreterLanguage: 'Tamil' };
    await book(fixture.people.rita, { ...request, examinee });
    const mail = await waitForMail(mailbox);
    for (const words of [mail.text, mail.html ?? '']) {
      expect(words).to.include('Interpreter language').and.include('Tamil');
    }
    const calendar = mail.attachments.find((one) => one.fileName.endsWith('.ics'));
    expect(calendar?.content.toString()).to.be.a('string').and.not.include('Tamil');
  });

  it('every value is escaped in a mail', async () => {
    const specialist = () => fixture.db('specialists').where({ acuity_calendar_id: 7001 });
    const [name] = await specialist().pluck('name');
    try {
      await specialist().update({ name: 'Dr <b>X</b>\r\nBcc: evil@example.com' });
      await work(senderTo(mailbox.smtpUrl));
      await book(fixture.people.rita, requestFor({ claimNumber: '<script>1</script>' }));
      const mail = await waitForMail(mailbox);
      expect(mail.to).to.deep.equal(['rita@harbour-legal.example']);
      expect(mail.html).to.not.match(/<script>|<b>X/);
      expect(mail.html).to.include('&lt;script&gt;');
    } finally {
      await specialist().update({ name });
    }
  });

  it('no mail is sent to an address that is more than one', async () => {
    const mailer = createSmtpMailer(mailbox.smtpUrl, 'Examdesk <bookings@examdesk.example>');
    closing.push(() => mailer.close());
    for (const to of ['a@x.example, b@x.example', 'a@x.example\r\nBcc: b@x.example', '<a@x.example>']) {
      const sending = mailer.send({ to, subject: 's', text: 't', html: 'h', messageId: '<1@x>' });
      expect(
        await sending.then(
          () => 'sent',
          () => 'refused',
        ),
      ).to.equal('refused');
    }
    await mailer.send({
      to: 'a@x.example',
      subject: 'a\r\nBcc: b@x.example',
      text: 't',
      html: 'h',
      messageId: '<2@x>',
    });
    expect((await waitForMail(mailbox)).to).to.deep.equal(['a@x.example']);
  });

  it('moved and cancelled are sent, the cancellation with a calendar file that removes the entry', async () => {
    await work(senderTo(mailbox.smtpUrl));
    const booking = await book();
    const wednesday = '2026-12-02T10:00:00+11:00';
    fake.offer(7001, wednesday);
    valueOf(await fixture.attempts.reschedule(fixture.people.rita, booking.id, new Date(wednesday)));
    await waitForMail(
      mailbox,
      (mail) => mail.subject.startsWith('Examination moved') && mail.subject.includes('2 December'),
    );
    valueOf(await fixture.attempts.cancel(fixture.people.sam, booking.id, null));
    const mail = await waitForMail(mailbox, (one) => one.subject.startsWith('Examination cancelled'));
    expect(mail.to).to.deep.equal(['rita@harbour-legal.example']);
    expect(mail.attachments).to.have.length(1);
    const ics = mail.attachments[0]?.content.toString() ?? '';
    expect(ics).to.include('METHOD:CANCEL').and.include('STATUS:CANCELLED').and.include('SEQUENCE:3');
  });

  /** Its answer was lost on the way to Acuity. @returns the attempt's id */
  const bookInVain = async (): Promise<string> => {
    acuity.failNext('before');
    const pending = reasonOf(await fixture.attempts.book(fixture.people.rita, requestFor(), null));
    if (pending.reason !== 'outcome_pending') throw new Error(`It ended as ${pending.reason}`);
    return pending.attemptId;
  };
  const settleLate = async (attemptId: string) => {
    await fixture.passTime();
    await fixture.settlement.settle(attemptId);
  };

  it('failed is sent without the examinee’s details', async () => {
    await work(senderTo(mailbox.smtpUrl));
    await settleLate(await bookInVain());
    const mail = await waitForMail(mailbox);
    expect(mail.subject).to.match(/^Examination NOT booked: EX-/);
    expect(mail.text)
      .to.match(/nothing was booked/)
      .and.match(/bookings\/attempts\//);
    expect(`${mail.text}${mail.html}`).to.not.match(/Ewan|Marsh/);
  });

  it('failed says what to do when the form asks for more', async () => {
    await work(senderTo(mailbox.smtpUrl));
    const attemptId = await bookInVain();
    fake.showForms(detailsForm(), aForm({ fields: [aField({ name: 'Dominant hand', required: true })] }));
    try {
      await settleLate(attemptId);
    } finally {
      fake.showForms(detailsForm());
      await forgetForms(fixture.db);
    }
    const mail = await waitForMail(mailbox);
    expect(mail.subject).to.match(/^Examination NOT booked: EX-/);
    expect(mail.text)
      .to.match(/now asks for more than/)
      .and.match(/step “Examinee”/);
  });

  it('messages are sent late and completely when the mail server was down', async () => {
    const down = await closedPort();
    await work(senderTo(`smtp://127.0.0.1:${down}`));
    await book();
    await until(async () => ((await outbox())[0]?.attempts ?? 0) >= 2);
    expect((await outbox())[0]).to.include({ status: 'queued', sent_at: null });
    expect((await outbox())[0]?.last_error).to.match(/^ECONNREFUSED|ESOCKET/);
    const back = await startMailbox({ smtpPort: down, httpPort: 0 });
    try {
      await waitForMail(back);
      await until(async () => (await outbox())[0]?.status === 'sent');
      expect(back.mails()).to.have.length(1);
    } finally {
      await back.close();
    }
  });

  it('a message is sent again with the same Message-ID when the worker died before it recorded the first', async () => {
    const booking = await book();
    const id = (await outbox())[0]?.id ?? '';
    const failing = senderTo(mailbox.smtpUrl, (mailer) => ({
      async send(mail) {
        await mailer.send(mail);
        // The state after the kill: the mail is sent, the transaction is not committed.
        throw Object.assign(new Error('gone'), { code: 'EGONE' });
      },
    }));
    await failing.send(id);
    await senderTo(mailbox.smtpUrl).send(id);
    await waitForMail(mailbox, () => mailbox.mails().length === 2);
    expect(new Set(mailbox.mails().map((mail) => mail.messageId)).size).to.equal(1);
    expect(mailbox.mails()[0]?.subject).to.include(booking.reference);
  });

  it('two workers send a message once', async () => {
    await book();
    const id = (await outbox())[0]?.id ?? '';
    const sender = senderTo(mailbox.smtpUrl);
    await Promise.all(Array.from({ length: 5 }, () => sender.send(id)));
    await sleep(100);
    expect(mailbox.mails()).to.have.length(1);
  });

  it('a worker that is told to stop gives back the job that it hangs in', async () => {
    let calls = 0;
    const silentServer = createServer(() => {
      calls += 1;
    });
    await new Promise<void>((done) => void silentServer.listen(0, '127.0.0.1', done));
    const { port } = silentServer.address() as AddressInfo;
    try {
      await work(senderTo(`smtp://127.0.0.1:${port}`));
      await book();
      await until(() => Promise.resolve(calls > 0));
      await worker?.stop();
      worker = null;
      const job = fixture.db('graphile_worker._private_jobs').whereNotNull('locked_at').select('id');
      expect(await job).to.deep.equal([]);
      await until(async () => (await outbox())[0]?.attempts === 1);
      expect((await outbox())[0]?.status).to.equal('queued');
    } finally {
      silentServer.close();
    }
  });

  it('the sweep gives a queued message a new job when its job is lost', async () => {
    await book();
    await fixture.db.raw('delete from graphile_worker._private_jobs');
    const trigger = (turn: string) =>
      fixture.owner.raw(`alter table emails ${turn} trigger emails_updated_at`);
    await trigger('disable');
    await fixture.db('emails').update({ updated_at: new Date(Date.now() - 120_000) });
    await trigger('enable');
    await work(senderTo(mailbox.smtpUrl));
    await waitForMail(mailbox);
  });

  it('a confirmation that is sent after the cancellation says so', async () => {
    const booking = await book();
    valueOf(await fixture.attempts.cancel(fixture.people.rita, booking.id, null));
    await work(senderTo(mailbox.smtpUrl));
    const mail = await waitForMail(mailbox, (one) => one.subject.startsWith('Examination booked'));
    expect(mail.text).to.include('This examination has since been cancelled.');
  });

  const assignTo = async (bookingId: string, to: 'rob' | 'nadia') => {
    const { viewer } = fixture.people[to];
    await fixture
      .db('bookings')
      .where({ id: bookingId })
      .update({ created_by_id: viewer.userId, organization_id: viewer.organization?.id });
  };

  it('a delayed message is withheld from a recipient who may no longer see the booking', async () => {
    const booking = await book();
    await assignTo(booking.id, 'nadia');
    await senderTo(mailbox.smtpUrl).send((await outbox())[0]?.id ?? '');
    expect((await outbox())[0]).to.include({ status: 'withheld', sent_at: null });
    await sleep(100);
    expect(mailbox.mails()).to.deep.equal([]);
  });

  it('a message is withheld from a deactivated recipient, also one about a failed attempt', async () => {
    const colleague = await aColleague();
    await book(colleague);
    acuity.failNext('before');
    await fixture.attempts.book(colleague, requestFor(), null);
    const { attempt_id } = (await fixture.db('emails').first('attempt_id')) as { attempt_id: string };
    await fixture.db('emails').insert({
      id: systemIds.uuid(),
      kind: 'booking_failed',
      dedupe_key: 'failed',
      attempt_id,
      recipient: colleague.viewer.email,
    });
    await fixture.db('users').where({ id: colleague.viewer.userId }).update({ banned: true });
    for (const { id } of await outbox()) await senderTo(mailbox.smtpUrl).send(id);
    expect((await outbox()).map(({ status }) => status)).to.deep.equal(['withheld', 'withheld']);
    expect(mailbox.mails()).to.deep.equal([]);
  });

  it('a delayed message goes to the recipient’s current address', async () => {
    const colleague = await aColleague();
    await book(colleague);
    const moved = 'robin@new-home.example';
    await fixture.db('users').where({ id: colleague.viewer.userId }).update({ email: moved });
    await senderTo(mailbox.smtpUrl).send((await outbox())[0]?.id ?? '');
    expect((await waitForMail(mailbox)).to).to.deep.equal([moved]);
    expect((await outbox())[0]).to.include({ status: 'sent', recipient: moved });
  });

  it('a delayed message goes to the person that its recipient was merged into', async () => {
    const colleague = await aColleague();
    await book(colleague);
    const [from, into] = [colleague.viewer, fixture.people.rita.viewer];
    await fixture.db('merges').insert({
      id: systemIds.uuid(),
      kind: 'referrer',
      reason: 'The same twice',
      moved: '{}',
      from_id: from.userId,
      into_id: into.userId,
      from_name: from.name,
      into_name: into.name,
      made_by_id: fixture.people.ada.viewer.userId,
    });
    await fixture.db('users').where({ id: from.userId }).update({ banned: true });
    await senderTo(mailbox.smtpUrl).send((await outbox())[0]?.id ?? '');
    expect((await waitForMail(mailbox)).to).to.deep.equal([into.email]);
  });

  it('a message without a recipient id can be sent again once an account has its address', async () => {
    const colleague = await aColleague();
    await book(colleague);
    const id = (await outbox())[0]?.id ?? '';
    const recipient = 'robin@old-home.example';
    await fixture.db('emails').where({ id }).update({ recipient_id: null, recipient });
    await senderTo(mailbox.smtpUrl).send(id);
    expect((await outbox())[0]).to.include({ status: 'failed', last_error: 'unknown address' });
    const again = () => resendEmail({ ...fixture.deps, audit: auditLog }, fixture.people.sam, id);
    expect(await again()).to.equal('nobody');
    await fixture.db('users').where({ id: colleague.viewer.userId }).update({ email: recipient });
    expect(await again()).to.equal('queued');
  });

  it('a message goes to a colleague in the organisation of the booking', async () => {
    const booking = await book();
    await assignTo(booking.id, 'rob');
    await senderTo(mailbox.smtpUrl).send((await outbox())[0]?.id ?? '');
    expect((await waitForMail(mailbox)).to).to.deep.equal(['rita@harbour-legal.example']);
  });

  for (const [at, said, status] of [
    ['onRcptTo', '550 No such user', 'failed'],
    ['onRcptTo', '550 5.1.1 No such user', 'failed'],
    ['onRcptTo', '552 5.2.2 Mailbox full', 'failed'],
    ['onRcptTo', '450 Try again', 'queued'],
    // Refusals that concern our set-up, not the recipient: somebody will fix it.
    ['onRcptTo', '554 5.7.1 Relay access denied', 'queued'],
    ['onRcptTo', '553 5.1.8 Sender address rejected', 'queued'],
    ['onRcptTo', '554 Transaction failed', 'queued'],
    ['onData', '552 5.3.4 Message too big', 'failed'],
    ['onData', '550 5.7.26 This mail is unauthenticated', 'queued'],
  ] as const)
    it(`a message is ${status} when the server answers “${said}” (${at})`, async () => {
      const [, code, words = ''] = /^(\d+) (.*)/.exec(said) ?? [];
      const refusal = Object.assign(new Error(words), { responseCode: Number(code) });
      const refusing = new SMTPServer({
        authOptional: true,
        disabledCommands: ['STARTTLS'],
        ...(at === 'onRcptTo'
          ? { onRcptTo: (_address, _session, tell) => tell(refusal) }
          : {
              onData: (stream, _session, tell) => {
                stream.on('end', () => tell(refusal)).resume();
              },
            }),
      });
      await new Promise<void>((done) => void refusing.listen(0, '127.0.0.1', done));
      try {
        const { port } = refusing.server.address() as AddressInfo;
        await book();
        await senderTo(`smtp://127.0.0.1:${port}`).send((await outbox())[0]?.id ?? '');
        const enhanced = /^\S+ \d\.\d+\.\d+/.exec(said)?.[0] ?? code;
        const error = `${at === 'onData' ? 'EMESSAGE' : 'EENVELOPE'} ${enhanced}`;
        expect((await outbox())[0]).to.include({ status, attempts: 1, last_error: error });
      } finally {
        await new Promise<void>((done) => refusing.close(() => done()));
      }
    });

  it('jobs, payloads and outbox hold ids only', async () => {
    await bookInVain();
    const jobs: unknown = await fixture.db('graphile_worker._private_jobs').select('payload', 'key');
    expect(JSON.stringify([jobs, await outbox()])).to.not.match(/Ewan|Marsh|61412|CL-2207|knee/);
  });
});

async function closedPort(): Promise<number> {
  const server: Server = createServer();
  await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => void server.close(done));
  return port;
}
