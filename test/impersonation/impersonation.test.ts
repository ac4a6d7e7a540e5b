import { expect } from 'chai';
import { demoPassword } from '../../seeds/demo.ts';
import { timeAhead } from '../support/days.ts';
import { startTestApp, type Agent, type TestApp } from '../support/app.ts';
import { copyDemo } from '../support/own-demo.ts';
import type { OwnPerson } from '../support/own-people.ts';
import { bookingBody } from '../support/builders/booking-request.ts';

const sam = 'sam@examdesk.example';

describe('acting as a referrer', () => {
  let app: TestApp;
  let admin: Agent;
  let ada: OwnPerson;
  let rita: OwnPerson;
  let rob: OwnPerson;
  let nadia: OwnPerson;
  let samId: string;

  before(async () => {
    app = await startTestApp();
    samId = (await app.db('users').where({ email: sam }).first('id'))!.id;
  });
  after(() => app.close());
  beforeEach(async () => {
    ({ ada, rita, rob, nadia } = await copyDemo(app.db));
    admin = await app.signIn(ada.email);
  });

  const act = (agent: Agent, person: Pick<OwnPerson, 'id'>) =>
    agent.post('/admin/impersonate').send({ userId: person.id, reason: 'On the phone' });
  const who = async (
    agent: Agent,
  ): Promise<{ user: { email: string }; actingAdmin: { name: string } | null } | null> =>
    (await agent.get('/api/auth/get-session').expect(200)).body as never;
  /** Ada's, also those of other admins as one of the test's people. */
  const episodes = () =>
    app
      .db('impersonations')
      .whereIn('user_id', [ada.id, rita.id, rob.id, nadia.id])
      .orWhere({ admin_id: ada.id })
      .orderBy('started_at')
      .select('admin_id', 'user_id', 'reason', 'end_reason');
  const ends = () =>
    app
      .db('audit_log')
      .where({ action: 'impersonation.ended' })
      .whereIn('acting_as_id', [rita.id, rob.id, nadia.id])
      .select('actor_id', 'acting_as_id', 'metadata');
  const acting = () => app.db('sessions').where({ impersonated_by: ada.id });
  const own = () => app.db('sessions').where({ user_id: ada.id });
  const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);

  it('starts with a reason, shows both names, and restores the admin’s session', async () => {
    const { body } = await act(admin, rita).expect(200);
    expect(body.impersonation.actingAs).to.deep.equal(rita);
    expect(body.impersonation.admin.id).to.equal(ada.id);
    const idle =
      Date.parse(body.impersonation.expiresAt as string) - Date.parse(body.impersonation.startedAt as string);
    expect(idle).to.equal(30 * 60_000);
    const session = await who(admin);
    expect(session?.user.email).to.equal(rita.email);
    expect(session?.actingAdmin?.name).to.contain('Ada');
    const { text } = await admin.get('/bookings').set('Accept', 'text/html').expect(200);
    expect(text)
      .to.contain('Acting as <strong>Rita Alvarez</strong>')
      .and.contain('Stop acting')
      .and.match(/Since .+; ends at /);
    await admin.post('/admin/exit-impersonation').expect(200, { ended: true });
    expect((await who(admin))?.user.email).to.equal(ada.email);
    expect(await episodes()).to.deep.equal([
      { admin_id: ada.id, user_id: rita.id, reason: 'On the phone', end_reason: 'exit' },
    ]);
    const [ended] = await ends();
    expect(ended).to.deep.include({ actor_id: ada.id, acting_as_id: rita.id });
    expect(ended?.metadata).to.include({ endReason: 'exit' });
  });

  it('can start again after it ended', async () => {
    for (let round = 0; round < 3; round += 1) {
      await act(admin, rita).expect(200);
      await admin.post('/admin/exit-impersonation').expect(200);
    }
    expect(await acting()).to.deep.equal([]);
  });

  it('is refused for staff, oneself, the deactivated, the unknown, and while acting', async () => {
    for (const id of [samId, ada.id]) expect((await act(admin, { id })).status, id).to.be.oneOf([404, 422]);
    await admin
      .post('/admin/impersonate')
      .send({ userId: '0190aaaa-0000-7000-8000-000000000000', reason: 'On the phone' })
      .expect(404);
    await admin.post('/admin/impersonate').send({ userId: 'rita', reason: 'On the phone' }).expect(422);
    await admin.post('/admin/impersonate').send({}).expect(422);
    await app.db('users').where({ id: nadia.id }).update({ banned: true });
    await act(admin, nadia).expect(404);
    await act(admin, rita).expect(200);
    await act(admin, rob).expect(403);
    expect(await episodes()).to.have.length(1);
  });

  describe('a reason', () => {
    const json = (reason: unknown) => admin.post('/admin/impersonate').send({ userId: rita.id, reason });
    const form = (fields: Record<string, string>) =>
      admin
        .post('/admin/impersonate')
        .set('Accept', 'text/html')
        .type('form')
        .send({ userId: rita.id, ...fields });
    const refused: [string, unknown, string][] = [
      ['is missing', undefined, 'Enter a reason'],
      ['is empty', '', 'Enter a reason of at least 3 characters'],
      ['is blank', ' \n\t ', 'Enter a reason of at least 3 characters'],
      ['has 2 characters and spaces', '  ok  ', 'Enter a reason of at least 3 characters'],
      ['has 201 characters', 'r'.repeat(201), 'Enter a reason of at most 200 characters'],
    ];
    for (const [what, reason, message] of refused) {
      it(`is refused with 422 by JSON and form alike when it ${what}`, async () => {
        const { body } = await json(reason).expect(422);
        expect(body).to.deep.include({ code: 'invalid', errors: [{ path: 'reason', message }] });
        const fields: Record<string, string> = typeof reason === 'string' ? { reason } : {};
        const { text } = await form(fields).expect(422);
        expect(text).to.contain(`<a href="#reason">${message}</a>`).and.contain('Act as Rita Alvarez?');
        expect(await episodes()).to.deep.equal([]);
        await admin.get('/admin/act-as').expect(200);
      });
    }

    it('is refused with 422 when it is not text', async () => {
      for (const reason of [null, 17, ['On the phone'], { text: 'On the phone' }]) {
        const { body } = await json(reason).expect(422);
        expect(body.errors[0]).to.deep.equal({ path: 'reason', message: 'Enter a reason' });
      }
    });

    it('is kept trimmed when it has 3 or 200 characters', async () => {
      for (const reason of ['Fax', 'r'.repeat(200)]) {
        await json(`  ${reason}\n`).expect(200);
        await admin.post('/admin/exit-impersonation').expect(200);
      }
      await form({ reason: `${'r'.repeat(99)}\r\n${'r'.repeat(100)}` }).expect(303);
      const kept = (await episodes()) as { reason: string }[];
      expect(kept.map(({ reason }) => reason.length)).to.deep.equal([3, 200, 200]);
    });
  });

  it('is for admins only', async () => {
    for (const email of [rita.email, sam]) {
      const agent = await app.signIn(email);
      await act(agent, nadia).expect(403);
      await agent.get('/admin/referrers/search?query=rita').expect(403);
      await agent.get('/admin/act-as').expect(403);
      await agent.get('/admin/episodes').expect(403);
      await agent.post('/admin/exit-impersonation').expect(403);
    }
  });

  it('gives exactly the referrer’s rights', async () => {
    await act(admin, rita).expect(200);
    await admin.get('/admin/act-as').expect(403);
    await admin.get('/admin').expect(403);
    await admin.get('/bookings').expect(200);
  });

  it('is checked by the database, too', async () => {
    const session = (await own().first()) as Record<string, unknown>;
    for (const change of [
      { user_id: samId, impersonated_by: ada.id },
      { user_id: rita.id, impersonated_by: samId },
      { user_id: rita.id, impersonated_by: rita.id },
    ]) {
      const written = app
        .db('sessions')
        .insert({ ...session, id: app.db.raw('gen_random_uuid()'), token: 'x', ...change });
      expect(
        await written.then(
          () => null,
          (error: { constraint?: string }) => error.constraint,
        ),
      ).to.equal('sessions_impersonation');
    }
  });

  for (const [what, happen] of [
    ['the admin is banned', () => app.db('users').where({ id: ada.id }).update({ banned: true })],
    ['the admin is demoted', () => app.db('users').where({ id: ada.id }).update({ role: 'support' })],
    ['the admin’s own session is ended elsewhere', () => own().whereNull('impersonated_by').delete()],
    ['the referrer is deactivated', () => app.db('users').where({ id: rita.id }).update({ banned: true })],
    [
      'nothing is done for half an hour',
      () =>
        app
          .db('sessions')
          .whereIn('user_id', [ada.id, rita.id])
          .update({ last_seen_at: minutesAgo(31) }),
    ],
    ['its time is over', () => acting().update({ expires_at: new Date(Date.now() - 1_000) })],
  ] as const) {
    it(`ends at the next request when ${what}`, async () => {
      await act(admin, rita).expect(200);
      await happen();
      await admin.get('/bookings').expect(401);
    });
  }

  it('records the end of each episode, whatever ended it', async () => {
    await act(admin, rita).expect(200);
    await own().whereNull('impersonated_by').delete();
    const again = await app.signIn(ada.email);
    await act(again, nadia).expect(200);
    await acting().update({ last_seen_at: minutesAgo(31) });
    await again.get('/bookings').expect(401);
    expect((await episodes()).map(({ end_reason }) => end_reason)).to.deep.equal(['session_ended', 'idle']);
    expect(await ends()).to.have.length(2);
  });

  it('leads to sign-in and then to the console when both sessions have gone', async () => {
    await act(admin, rita).expect(200);
    await own().delete();
    const page = admin.post('/admin/exit-impersonation').set('Accept', 'text/html');
    const answer = await page.set('Referer', `${app.url}/bookings`).expect(303);
    expect(answer.headers.location).to.equal('/sign-in?next=%2Fadmin');
  });

  it('leads to the console from a tab in which it has ended elsewhere', async () => {
    await act(admin, rita).expect(200);
    await admin.post('/admin/exit-impersonation').expect(200);
    const again = await admin.post('/admin/exit-impersonation').set('Accept', 'text/html').expect(303);
    expect(again.headers.location).to.equal('/admin');
    await admin.post('/admin/exit-impersonation').expect(403);
  });

  it('leads to sign-in when the admin’s own cookie has gone', async () => {
    const { headers } = await act(admin, rita).expect(200);
    const cookies = (headers['set-cookie'] as unknown as string[]).map((line) => line.split(';')[0] ?? '');
    const session = cookies.findLast((cookie) => cookie.startsWith('examdesk.session_token='));
    const answer = await app
      .anonymous()
      .post('/admin/exit-impersonation')
      .set('Accept', 'text/html')
      .set('Cookie', session ?? '')
      .expect(303);
    expect(answer.headers.location).to.equal('/sign-in?next=%2Fadmin');
    expect((await episodes())[0]).to.include({ end_reason: 'exit' });
  });

  it('ends both sessions at sign-out', async () => {
    await act(admin, rita).expect(200);
    await admin.post('/api/auth/sign-out').expect(200);
    expect(await own()).to.deep.equal([]);
    expect(await acting()).to.deep.equal([]);
    expect(await who(admin)).to.equal(null);
  });

  it('attributes changes to the referrer, for the admin', async () => {
    await act(admin, rita).expect(200);
    const specialists = (await admin.get('/specialists').expect(200)).body.specialists as {
      id: string;
      name: string;
    }[];
    const acuity = app.system.services.acuity as unknown as {
      offer(calendar: number, ...times: string[]): void;
    };
    acuity.offer(7001, timeAhead(10), timeAhead(11));
    const { body } = await admin
      .post('/bookings')
      .send(bookingBody(specialists.find(({ name }) => name.includes('Hart'))?.id, timeAhead(10)))
      .expect(201);
    const bookingId = body.booking.id as string;
    expect(body.booking.createdBy.id).to.equal(rita.id);
    expect(body.booking.createdFor.id).to.equal(ada.id);
    await admin
      .post(`/bookings/${bookingId}/reschedule`)
      .send({ startsAt: timeAhead(11) })
      .expect(200);
    await admin.post(`/bookings/${bookingId}/cancel`).send({}).expect(200);
    const progress = await app
      .db('booking_progress')
      .where({ booking_id: bookingId })
      .select('changed_by_id', 'changed_for_id');
    for (const entry of progress)
      expect(entry).to.deep.equal({ changed_by_id: rita.id, changed_for_id: ada.id });
    expect(progress).to.have.length(3);
    const audit = await app
      .db('audit_log')
      .where({ resource_id: bookingId })
      .select('actor_id', 'acting_as_id');
    expect(audit).to.not.be.empty;
    for (const row of audit) expect(row).to.deep.equal({ actor_id: ada.id, acting_as_id: rita.id });
    const { text } = await admin.get(`/bookings/${bookingId}`).set('Accept', 'text/html').expect(200);
    expect(text).to.match(/Rita Alvarez, assisted by Ada/);
    expect(await app.db('emails').where({ booking_id: bookingId }).pluck('recipient')).to.deep.equal([
      rita.email,
      rita.email,
      rita.email,
    ]);

    await admin.post('/admin/exit-impersonation').expect(200);
    const episode = await app.db('impersonations').where({ admin_id: ada.id }).first('id');
    const page = await admin.get(`/admin/episodes/${episode?.id}`).set('Accept', 'text/html').expect(200);
    expect(page.text)
      .to.contain('On the phone')
      .and.contain('Booking scheduled')
      .and.contain('Booking cancelled')
      .and.contain(`href="/bookings/${bookingId}">Page: Booking</a>`)
      .and.not.contain('Marsh');
  });

  it('has its pair of referrer and admin checked by the database', async () => {
    await act(admin, rita).expect(200);
    for (const [by, forAdmin] of [
      [ada.id, rita.id],
      [nadia.id, ada.id],
    ]) {
      const written = app.db('booking_progress').insert({
        id: app.db.raw('gen_random_uuid()'),
        booking_id: app.db.raw('gen_random_uuid()'),
        progress: 'scheduled',
        source: 'portal',
        changed_by_id: by,
        changed_for_id: forAdmin,
      });
      expect(
        await written.then(
          () => null,
          (error: { constraint?: string }) => error.constraint,
        ),
      ).to.equal('booking_progress_acting_pair');
    }
  });

  it('does not open the referrer’s own account', async () => {
    await act(admin, rita).expect(200);
    for (const path of [
      '/account',
      '/account/password',
      '/account/email',
      '/account/sessions',
      '/account/two-factor',
    ]) {
      expect((await admin.get(path).set('Accept', 'text/html')).status, path).to.be.oneOf([403, 404]);
      const posted = await admin
        .post(path)
        .set('Accept', 'text/html')
        .type('form')
        .send({ password: 'x', email: 'x@y.example' });
      expect(posted.status, path).to.be.oneOf([403, 404, 405]);
    }
    await app
      .anonymous()
      .post('/api/auth/sign-in/email')
      .send({ email: rita.email, password: demoPassword })
      .expect(200);
  });

  it('asks on its page for a reason, and goes to the bookings', async () => {
    const post = (fields: object) =>
      admin.post('/admin/impersonate').set('Accept', 'text/html').type('form').send(fields);
    const page = await admin.get(`/admin/act-as?user=${rita.id}`).set('Accept', 'text/html').expect(200);
    expect(page.text).to.contain('Act as Rita Alvarez?');
    expect((await post({ userId: rita.id, reason: ' ' }).expect(422)).text).to.contain('Enter a reason');
    const { headers } = await post({ userId: rita.id, reason: 'On the phone' }).expect(303);
    expect(headers.location).to.equal('/bookings');
    const left = await admin.post('/admin/exit-impersonation').set('Accept', 'text/html').expect(303);
    expect(left.headers.location).to.equal('/admin');
    expect((await admin.get('/admin/act-as').set('Accept', 'text/html').expect(200)).text)
      .to.contain('Recent')
      .and.contain('Rita Alvarez');
    await admin.get('/admin/act-as?user=nobody').set('Accept', 'text/html').expect(404);
  });
});
