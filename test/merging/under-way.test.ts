// Merges that meet: each other, bookings whose answer is still under way, and people who are somebody else by now.
import { expect } from 'chai';
import type { Booking } from '../../src/bookings/index.ts';
import { type EmailSender } from '../../src/email/index.ts';
import type { Mail } from '../../src/ports/mailer.ts';
import { timeAhead } from '../support/days.ts';
import { startTestApp, type Agent, type TestApp } from '../support/app.ts';
import { createFakeAcuity, type FakeAcuity } from '../support/fakes/acuity.ts';
import { copyDemo, type OwnDemo } from '../support/own-demo.ts';
import type { OwnOrganization, OwnPerson } from '../support/own-people.ts';
import { untilBlocked } from '../support/locks.ts';
import { withFaults, type FaultyAcuity } from '../support/faulty-acuity.ts';
import { aSender } from '../support/mail-parts.ts';
import { bookingBody } from '../support/builders/booking-request.ts';

const ada = 'ada@examdesk.example';
const calendar = 7001;

describe('merge, while bookings are under way,', () => {
  let app: TestApp;
  let fake: FakeAcuity;
  let acuity: FaultyAcuity;
  let admin: Agent;
  let onStep: (step: string) => Promise<void>;
  let adaId: string;
  let n = 0;
  /** A time that no other test books. */
  let startsAt: Date;
  let own: OwnDemo;
  let rita: OwnPerson;
  let rob: OwnPerson;
  let lena: OwnPerson;
  let nadia: OwnPerson;
  let harbour: OwnOrganization;
  let northside: OwnOrganization;

  before(async () => {
    fake = createFakeAcuity();
    acuity = withFaults(fake);
    const bookings = { onStep: (step: string) => onStep(step), timings: { inFlightMs: 0 } };
    app = await startTestApp({ overrides: { acuity, bookings } });
    admin = await app.signIn(ada);
    adaId = (await app.db('users').where({ email: ada }).first('id'))!.id;
  });
  after(() => app.close());
  beforeEach(async () => {
    onStep = () => Promise.resolve();
    n += 1;
    startsAt = new Date(Date.parse(timeAhead(10)) + n * 86_400_000);
    fake.offer(calendar, startsAt.toISOString());
    await app.system.services.availability.invalidate(calendar);
    own = await copyDemo(app.db);
    ({ rita, rob, lena, nadia, harbour, northside } = own);
  });

  const post = (path: string, fields: Record<string, string> = {}) =>
    admin.post(path).set('Accept', 'text/html').type('form').send(fields);
  const mergeOf = (kind: string, from: { id: string }, into: { id: string }) =>
    post('/admin/merges', { kind, from: from.id, into: into.id, reason: 'The same twice' });
  const merge = (from: OwnPerson, into: OwnPerson) => mergeOf('referrer', from, into);
  const mergeOrganizations = () => mergeOf('organization', northside, harbour);
  /** Of the test's people and organisations. */
  const merges = () => {
    const ids = Object.values(own).map(({ id }: { id: string }) => id);
    return app.db('merges').whereIn('from_id', ids);
  };
  const undoLast = async () => {
    const row = (await merges().whereNull('undone_at').orderBy('made_at', 'desc').first('id')) as {
      id: string;
    };
    return post(`/admin/merges/${row.id}/undo`);
  };
  const book = async (agent: Agent) => {
    const specialist = await app.db('specialists').where({ acuity_calendar_id: calendar }).first('id');
    return agent.post('/bookings').send(bookingBody(specialist!.id, startsAt.toISOString()));
  };
  /** What was booked while `meanwhile` happened, at that step of the way. */
  const bookDuring = async (
    agent: Agent,
    meanwhile: () => Promise<unknown>,
    step = 'attempt_stored',
  ): Promise<string> => {
    onStep = async (at) => {
      if (at === step) await meanwhile();
    };
    const answer = await book(agent);
    expect(answer.status).to.equal(201);
    return (answer.body as { booking: Booking }).booking.id;
  };
  /** The answer of Acuity was lost, `meanwhile` happened, and then it was found that there is no appointment. */
  const failDuring = async (agent: Agent, meanwhile: () => Promise<unknown>): Promise<string> => {
    acuity.failNext('before');
    await book(agent).then(({ status }) => expect(status).to.equal(202));
    const attempt = (await app.db('booking_attempts').where({ starts_at: startsAt }).first('id')) as {
      id: string;
    };
    await meanwhile();
    await app.system.services.settlement.settle(attempt.id);
    return attempt.id;
  };
  const told = (attemptId: string) => app.db('emails').where({ attempt_id: attemptId }).select('*');
  const owners = (bookingId: string): Promise<Record<string, string>> =>
    app.db('bookings').where({ id: bookingId }).first('organization_id', 'created_by_id', 'created_for_id');

  it('merges one of two that are merged into each other at once', async () => {
    const answers = await Promise.all([merge(rita, rob), merge(rob, rita)]);
    expect(answers.map(({ status }) => status)).to.have.members([303, 409]);
    const out = await app.db('users').whereIn('id', [rita.id, rob.id]).where({ banned: true });
    expect(out).to.have.length(1);
  });

  it('leaves nothing with one who is merged away while something is merged into them', async () => {
    const bookingId = ((await book(await app.signIn(rob.email))).body as { booking: Booking }).booking.id;
    await Promise.all([merge(rob, rita), merge(rita, lena)]);
    const away = await merges().pluck('from_id');
    expect(away).not.to.deep.equal([]);
    expect(away).not.to.include((await owners(bookingId)).created_by_id);
  });

  it('moves the booking to the remaining organisation, and undo moves it back', async () => {
    const ritaAgent = await app.signIn(rita.email);
    const bookingId = await bookDuring(await app.signIn(nadia.email), () => mergeOrganizations().expect(303));
    expect((await owners(bookingId)).organization_id).to.equal(harbour.id);
    await ritaAgent.get(`/bookings/${bookingId}`).expect(200);
    expect((await undoLast()).status).to.equal(303);
    expect((await owners(bookingId)).organization_id).to.equal(northside.id);
    await ritaAgent.get(`/bookings/${bookingId}`).expect(404);
  });

  it('moves the booking to the remaining referrer over several merges, and undo moves it back', async () => {
    const bookingId = await bookDuring(await app.signIn(rob.email), async () => {
      await merge(rob, rita).expect(303);
      await merge(rita, lena).expect(303);
    });
    const steps = () => app.db('booking_progress').where({ booking_id: bookingId }).pluck('changed_by_id');
    expect((await owners(bookingId)).created_by_id).to.equal(lena.id);
    for (const owner of [rita, rob]) {
      expect((await undoLast()).status).to.equal(303);
      expect((await owners(bookingId)).created_by_id).to.equal(owner.id);
      expect(await steps()).to.deep.equal([owner.id]);
    }
  });

  it('keeps who assisted on a booking under way', async () => {
    const another = await app.signIn(ada);
    await another.post('/admin/impersonate').send({ userId: rob.id, reason: 'On the phone' }).expect(200);
    const bookingId = await bookDuring(another, () => merge(rob, rita).expect(303));
    expect(await owners(bookingId)).to.include({ created_by_id: rita.id, created_for_id: adaId });
  });

  it('notifies the remaining referrer when the attempt fails', async () => {
    const attemptId = await failDuring(await app.signIn(rob.email), () => merge(rob, rita).expect(303));
    const emails = await told(attemptId);
    expect(emails.map(({ kind, recipient }) => [kind, recipient])).to.deep.equal([
      ['booking_failed', rita.email],
    ]);
    const sent: string[] = [];
    await sendTo(app, (mail) => sent.push(mail.to)).send(emails[0]!.id);
    expect(sent).to.deep.equal([rita.email]);
  });

  it('notifies nobody of a failed attempt when the remaining referrer has left the organisation', async () => {
    const attemptId = await failDuring(await app.signIn(rob.email), () => merge(rob, rita).expect(303));
    await app.db('members').where({ user_id: rita.id }).delete();
    const [email] = await told(attemptId);
    expect(email).to.include({ kind: 'booking_failed' });
    const sent: string[] = [];
    await sendTo(app, (mail) => sent.push(mail.to)).send(email!.id);
    expect(sent).to.deep.equal([]);
    expect(await told(attemptId)).to.have.nested.property('[0].status', 'withheld');
  });

  it('shows a failed attempt to the organisation that its own has become, and not once that is undone', async () => {
    const ritaAgent = await app.signIn(rita.email);
    const attemptId = await failDuring(await app.signIn(nadia.email), () => mergeOrganizations().expect(303));
    const attempt = () => ritaAgent.get(`/bookings/attempts/${attemptId}`);
    expect((await attempt()).body).to.deep.include({ state: 'failed' });
    await undoLast();
    await attempt().expect(404);
  });

  it('waits for a booking that is being written, and moves it', async () => {
    let merged: Promise<{ status: number }> | undefined;
    const bookingId = await bookDuring(
      await app.signIn(nadia.email),
      async () => {
        merged = mergeOrganizations().then((answer) => answer);
        await untilBlocked(app.db, merged);
      },
      'in_complete_transaction',
    );
    expect((await merged)?.status).to.equal(303);
    expect((await owners(bookingId)).organization_id).to.equal(harbour.id);
    expect((await undoLast()).status).to.equal(303);
    expect((await owners(bookingId)).organization_id).to.equal(northside.id);
  });

  it('can be undone when the merged person has become staff', async () => {
    const another = await app.signIn(ada);
    await another.post('/admin/impersonate').send({ userId: rob.id, reason: 'On the phone' }).expect(200);
    const bookingId = ((await book(another)).body as { booking: Booking }).booking.id;
    await merge(rob, rita).expect(303);
    await app.db('users').where({ id: rob.id }).update({ role: 'support' });
    expect((await undoLast()).status).to.equal(303);
    expect(await owners(bookingId)).to.include({ created_by_id: rob.id, created_for_id: adaId });
  });

  it('settles what was begun while acting when the referrer has become staff meanwhile', async () => {
    const another = await app.signIn(ada);
    await another.post('/admin/impersonate').send({ userId: rob.id, reason: 'On the phone' }).expect(200);
    const bookingId = await bookDuring(another, () =>
      app.db('users').where({ id: rob.id }).update({ role: 'support' }),
    );
    expect(await owners(bookingId)).to.include({ created_by_id: rob.id, created_for_id: adaId });
  });

  it('refuses the undo when moved rows cannot go back', async () => {
    const another = await app.signIn(ada);
    await another.post('/admin/impersonate').send({ userId: nadia.id, reason: 'On the phone' }).expect(200);
    const bookingId = ((await book(another)).body as { booking: Booking }).booking.id;
    // By hand: nobody ever acted as Rob.
    await app
      .db('bookings')
      .where({ id: bookingId })
      .update({ created_by_id: rob.id, organization_id: harbour.id });
    await merge(rob, rita).expect(303);
    await app.db('users').where({ id: rob.id }).update({ role: 'support' });
    const answer = await undoLast();
    expect(answer.status).to.equal(409);
    expect(answer.text).to.contain('nothing has been undone');
    expect((await owners(bookingId)).created_by_id).to.equal(rita.id);
  });
});

function sendTo({ db, system }: TestApp, taken: (mail: Mail) => unknown): EmailSender {
  return aSender({
    db,
    jobs: system.services.jobs,
    mailer: {
      send(mail) {
        taken(mail);
        return Promise.resolve();
      },
    },
  });
}
