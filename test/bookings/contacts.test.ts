import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { timeAhead } from '../support/days.ts';
import { startTestApp, type Agent, type TestApp } from '../support/app.ts';
import { createFakeAcuity, type FakeAcuity } from '../support/fakes/acuity.ts';
import { markupErrors } from '../support/visitor.ts';
import { bookingBody } from '../support/builders/booking-request.ts';

type Name = 'rita' | 'rob' | 'nadia' | 'sam' | 'ada';

const addresses: Record<Name, string> = {
  rita: 'rita@harbour-legal.example',
  rob: 'rob@harbour-legal.example',
  nadia: 'nadia@northside-claims.example',
  sam: 'sam@examdesk.example',
  ada: 'ada@examdesk.example',
};

describe('booking contacts', () => {
  let app: TestApp;
  let acuity: FakeAcuity;
  let bookingId: string;
  const agents = {} as Record<Name, Agent>;
  const ids = {} as Record<Name, string>;

  before(async () => {
    acuity = createFakeAcuity();
    app = await startTestApp({ overrides: { acuity } });
    for (const name of Object.keys(addresses) as Name[]) {
      agents[name] = await app.signIn(addresses[name]);
      const row = (await app.db('users').where({ email: addresses[name] }).first('id')) as { id: string };
      ids[name] = row.id;
    }
  });
  after(() => app.close());

  let hours = 0;
  beforeEach(async () => {
    hours += 1;
    const startsAt = new Date(Date.parse(timeAhead(10)) + hours * 3_600_000).toISOString();
    acuity.offer(7001, startsAt);
    await app.system.services.availability.invalidate(7001);
    const specialist = await app.system.services.specialists.findByCalendar(7001);
    const booked = await agents.rita
      .post('/bookings')
      .send(bookingBody(specialist?.id, startsAt))
      .expect(201);
    bookingId = booked.body.booking.id as string;
    await app.db('emails').delete();
  });

  const path = () => `/bookings/${bookingId}/contacts`;
  const set = (by: Name, ...contacts: { userId: string; role: string }[]) =>
    agents[by].post(path()).send({ contacts });
  const solicitor = (name: Name) => ({ userId: ids[name], role: 'solicitor' });
  const reportRecipient = (name: Name) => ({ userId: ids[name], role: 'report_recipient' });
  const stored = async () => {
    const { body } = await agents.rita.get(`/bookings/${bookingId}`).expect(200);
    return (body as { contacts: { user: { name: string }; role: string }[] }).contacts;
  };
  const told = (): Promise<{ kind: string; recipient: string }[]> =>
    app.db('emails').where({ booking_id: bookingId }).orderBy('recipient').select('kind', 'recipient');
  const confirmationToRob = { kind: 'booking_confirmation', recipient: addresses.rob };

  it('are stored with an audit row, and shown with the booking', async () => {
    const { body } = await set('rita', solicitor('rob'), reportRecipient('rob')).expect(200);
    expect(body.contacts).to.deep.equal([
      { user: { id: ids.rob, name: 'Rob Petersen' }, role: 'solicitor' },
      { user: { id: ids.rob, name: 'Rob Petersen' }, role: 'report_recipient' },
    ]);
    expect(await stored()).to.deep.equal(body.contacts);
    const rows = await app.db('audit_log').where({ resource_id: bookingId, action: 'booking.edited' });
    expect(rows.map(({ actor_id, metadata }) => ({ actor_id, metadata }))).to.deep.equal([
      {
        actor_id: ids.rita,
        metadata: { change: 'contacts', added: [solicitor('rob'), reportRecipient('rob')], removed: [] },
      },
    ]);
  });

  it('keep what a colleague changed while the page was open', async () => {
    const visitor = await app.signedInVisitor(addresses.rita);
    await set('rita', solicitor('rob')).expect(200);
    const form = (await visitor.get(path())).form(path());
    await set('rita', solicitor('rob'), reportRecipient('rob')).expect(200);
    // The page showed Rob as solicitor only; its reader takes him out.
    const done = await visitor.post(path(), { seen: form.seen ?? '' });
    expect(done.at).to.equal(`/bookings/${bookingId}?contacts`);
    expect((await stored()).map(({ role }) => role)).to.deep.equal(['report_recipient']);
    await visitor.post(path(), { seen: form.seen ?? '', solicitor: ids.rob });
    expect((await stored()).map(({ role }) => role)).to.deep.equal(['report_recipient']);
  });

  it('receive the confirmation once when they are a new solicitor, and not as report recipient', async () => {
    await set('rita', reportRecipient('rob')).expect(200);
    expect(await told()).to.deep.equal([]);
    await set('rita', solicitor('rob')).expect(200);
    await set('rita').expect(200);
    await set('rita', solicitor('rob')).expect(200);
    expect(await told()).to.deep.equal([confirmationToRob]);
  });

  it('receive no confirmation when the booking is cancelled', async () => {
    await agents.rita.post(`/bookings/${bookingId}/cancel`).send({}).expect(200);
    await app.db('emails').delete();
    await set('rita', solicitor('rob')).expect(200);
    expect(await told()).to.deep.equal([]);
  });

  it('are told of a cancellation until they are removed', async () => {
    await set('rita', solicitor('rob')).expect(200);
    await set('rita').expect(200);
    expect(await stored()).to.deep.equal([]);
    await set('sam', solicitor('rob')).expect(200);
    await app.db('emails').delete();
    await agents.rita.post(`/bookings/${bookingId}/cancel`).send({}).expect(200);
    expect(await told()).to.deep.equal([
      { kind: 'booking_cancelled', recipient: addresses.rita },
      { kind: 'booking_cancelled', recipient: addresses.rob },
    ]);
  });

  it('are refused with 422 when they are of another organisation, staff, the referrer or unknown', async () => {
    for (const wrong of ['nadia', 'sam', 'rita'] as const) {
      const { body } = await set('rita', solicitor('rob'), solicitor(wrong)).expect(422);
      const { errors } = body as { errors: { path: string }[] };
      expect(errors.map((error) => error.path)).to.deep.equal(['contacts.1.userId']);
    }
    await set('rita', { userId: 'nobody', role: 'solicitor' }).expect(422);
    await set('rita', { userId: ids.rob, role: 'booker' }).expect(422);
    await agents.rita.post(path()).send({ contacts: 'rob' }).expect(422);
    expect(await stored()).to.deep.equal([]);
    expect(await told()).to.deep.equal([]);
  });

  it('answer 404 to another organisation', async () => {
    await set('nadia', solicitor('nadia')).expect(404);
    await agents.nadia.get(path()).set('Accept', 'text/html').expect(404);
  });

  it('are stored once when the same contact is sent twice concurrently', async () => {
    const answers = await Promise.all([
      set('rita', solicitor('rob'), solicitor('rob')),
      set('rob', solicitor('rob')),
      set('sam', solicitor('rob')),
    ]);
    expect(answers.map(({ status }) => status)).to.deep.equal([200, 200, 200]);
    expect(await stored()).to.have.length(1);
    expect(await told()).to.have.length.at.most(1);
  });

  it('leave out the referrer when a contact becomes the booking’s referrer', async () => {
    const { body } = await set('rita', solicitor('rob')).expect(200);
    expect(body.contacts).to.have.length(1);
    await app.db('bookings').where({ id: bookingId }).update({ created_by_id: ids.rob });
    expect(await stored()).to.deep.equal([]);
  });

  it('are chosen in a form that works without JavaScript', async () => {
    const html = { Accept: 'text/html' };
    const page = await agents.rita.get(path()).set(html).expect(200);
    expect(await markupErrors({ at: path(), html: page.text })).to.deep.equal([]);
    expect(page.text).to.include('Rob Petersen').and.not.include('Nadia');
    const saved = await agents.rita
      .post(path())
      .set(html)
      .type('form')
      .send({ solicitor: ids.rob })
      .expect(303);
    expect(saved.headers.location).to.equal(`/bookings/${bookingId}?contacts`);
    const booking = await agents.rita
      .get(saved.headers.location as string)
      .set(html)
      .expect(200);
    expect(booking.text).to.include('The contacts were saved.').and.include('Change who is told');
    expect((await agents.rita.get(path()).set(html)).text).to.match(
      new RegExp(`name="solicitor" value="${ids.rob}" checked`),
    );
    const wrong = await agents.rita
      .post(path())
      .set(html)
      .type('form')
      .send({ solicitor: ['x', ids.rob] })
      .expect(422);
    expect(wrong.text).to.include('can no longer be a contact');
    await agents.rita.post(path()).set(html).type('form').send({}).expect(303);
    expect(await stored()).to.deep.equal([]);
  });

  it('are unchanged when an account was merged and the list is saved as it was read', async () => {
    await set('rita', solicitor('rob')).expect(200);
    await app.db('emails').delete();
    const lena = randomUUID();
    await app
      .db('users')
      .insert({ id: lena, name: 'Lena Long', email: `${lena}@harbour-legal.example`, email_verified: true });
    const rob = (await app.db('members').where({ user_id: ids.rob }).first()) as { organization_id: string };
    await app.db('members').insert({
      id: randomUUID(),
      user_id: lena,
      organization_id: rob.organization_id,
      role: 'member',
      created_at: new Date(),
    });
    await app.db('merges').insert({
      id: randomUUID(),
      kind: 'referrer',
      reason: 'The same twice',
      moved: '{}',
      from_id: ids.rob,
      into_id: lena,
      from_name: 'Rob',
      into_name: 'Lena',
      made_by_id: ids.ada,
    });
    await app.db('users').where({ id: ids.rob }).update({ banned: true });
    const rows = () => app.db('booking_contacts').where({ booking_id: bookingId }).select('id', 'user_id');
    const before = await rows();
    await set('rita', { userId: lena, role: 'solicitor' }).expect(200);
    expect(await rows()).to.deep.equal(before);
    expect(await told()).to.deep.equal([]);
    await set('rita').expect(200);
    expect(await rows()).to.deep.equal([]);
  });
});
