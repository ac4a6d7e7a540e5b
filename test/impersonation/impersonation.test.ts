import { expect } from 'chai';
import { demoPassword } from '../../seeds/demo.ts';
import { startTestApp, type Agent, type TestApp } from '../support/app.ts';

const rita = 'rita@harbour-legal.example';
const nadia = 'nadia@northside-claims.example';
const ada = 'ada@examdesk.example';
const sam = 'sam@examdesk.example';

describe('acting as a referrer', () => {
  let app: TestApp;
  let admin: Agent;
  const id: Record<string, string> = {};

  beforeEach(async () => {
    app = await startTestApp();
    admin = await app.signIn(ada);
    for (const user of (await app.db('users').select('id', 'email')) as { id: string; email: string }[])
      id[user.email] = user.id;
  });
  afterEach(() => app.close());

  const act = (agent: Agent, email: string) =>
    agent.post('/admin/impersonate').send({ userId: id[email], reason: 'On the phone' });
  const who = async (
    agent: Agent,
  ): Promise<{ user: { email: string }; actingAdmin: { name: string } | null } | null> =>
    (await agent.get('/api/auth/get-session').expect(200)).body as never;
  const episodes = () =>
    app.db('impersonations').orderBy('started_at').select('admin_id', 'user_id', 'reason', 'end_reason');
  const ends = () =>
    app
      .db('audit_log')
      .where({ action: 'impersonation.ended' })
      .select('actor_id', 'acting_as_id', 'metadata');

  it('starts with a reason, shows both names, and restores the admin’s session', async () => {
    const { body } = await act(admin, rita).expect(200);
    expect(body.impersonation.actingAs).to.deep.equal({ id: id[rita], name: 'Rita Alvarez', email: rita });
    expect(body.impersonation.admin.id).to.equal(id[ada]);
    const idle =
      Date.parse(body.impersonation.expiresAt as string) - Date.parse(body.impersonation.startedAt as string);
    expect(idle).to.equal(30 * 60_000);
    const acting = await who(admin);
    expect(acting?.user.email).to.equal(rita);
    expect(acting?.actingAdmin?.name).to.contain('Ada');
    const { text } = await admin.get('/bookings').set('Accept', 'text/html').expect(200);
    expect(text)
      .to.contain('Acting as <strong>Rita Alvarez</strong>')
      .and.contain('Stop acting')
      .and.match(/Since .+; ends at /);
    await admin.post('/admin/exit-impersonation').expect(200, { ended: true });
    expect((await who(admin))?.user.email).to.equal(ada);
    expect(await episodes()).to.deep.equal([
      { admin_id: id[ada], user_id: id[rita], reason: 'On the phone', end_reason: 'exit' },
    ]);
    const [ended] = await ends();
    expect(ended).to.deep.include({ actor_id: id[ada], acting_as_id: id[rita] });
    expect(ended?.metadata).to.include({ endReason: 'exit' });
  });

  it('can start again after it ended', async () => {
    for (let round = 0; round < 3; round += 1) {
      await act(admin, rita).expect(200);
      await admin.post('/admin/exit-impersonation').expect(200);
    }
    expect(await app.db('sessions').whereNotNull('impersonated_by')).to.deep.equal([]);
  });

  it('is refused for staff, oneself, the deactivated, the unknown, and while acting', async () => {
    for (const email of [sam, ada]) expect((await act(admin, email)).status, email).to.be.oneOf([404, 422]);
    await admin
      .post('/admin/impersonate')
      .send({ userId: '0190aaaa-0000-7000-8000-000000000000', reason: 'On the phone' })
      .expect(404);
    await admin.post('/admin/impersonate').send({ userId: 'rita', reason: 'On the phone' }).expect(422);
    await admin.post('/admin/impersonate').send({}).expect(422);
    await app.db('users').where({ email: nadia }).update({ banned: true });
    await act(admin, nadia).expect(404);
    await act(admin, rita).expect(200);
    await act(admin, 'rob@harbour-legal.example').expect(403);
    expect(await episodes()).to.have.length(1);
  });

  describe('a reason', () => {
    const json = (reason: unknown) => admin.post('/admin/impersonate').send({ userId: id[rita], reason });
    const form = (fields: Record<string, string>) =>
      admin
        .post('/admin/impersonate')
        .set('Accept', 'text/html')
        .type('form')
        .send({ userId: id[rita] ?? '', ...fields });
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
    for (const email of [rita, sam]) {
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
    const own = (await app.db('sessions').where({ user_id: id[ada] }).first()) as Record<string, unknown>;
    for (const change of [
      { user_id: id[sam], impersonated_by: id[ada] },
      { user_id: id[rita], impersonated_by: id[sam] },
      { user_id: id[rita], impersonated_by: id[rita] },
    ]) {
      const written = app
        .db('sessions')
        .insert({ ...own, id: app.db.raw('gen_random_uuid()'), token: 'x', ...change });
      expect(
        await written.then(
          () => null,
          (error: { constraint?: string }) => error.constraint,
        ),
      ).to.equal('sessions_impersonation');
    }
  });

  for (const [what, happen] of [
    ['the admin is banned', () => app.db('users').where({ email: ada }).update({ banned: true })],
    ['the admin is demoted', () => app.db('users').where({ email: ada }).update({ role: 'support' })],
    [
      'the admin’s own session is ended elsewhere',
      () => app.db('sessions').where({ user_id: id[ada] }).whereNull('impersonated_by').delete(),
    ],
    ['the referrer is deactivated', () => app.db('users').where({ email: rita }).update({ banned: true })],
    [
      'nothing is done for half an hour',
      () => app.db('sessions').update({ last_seen_at: new Date(Date.now() - 31 * 60_000) }),
    ],
    [
      'its time is over',
      () =>
        app
          .db('sessions')
          .whereNotNull('impersonated_by')
          .update({ expires_at: new Date(Date.now() - 1_000) }),
    ],
  ] as const) {
    it(`ends at the next request when ${what}`, async () => {
      await act(admin, rita).expect(200);
      await happen();
      await admin.get('/bookings').expect(401);
    });
  }

  it('records the end of each episode, whatever ended it', async () => {
    await act(admin, rita).expect(200);
    await app.db('sessions').where({ user_id: id[ada] }).whereNull('impersonated_by').delete();
    const again = await app.signIn(ada);
    await act(again, nadia).expect(200);
    await app
      .db('sessions')
      .whereNotNull('impersonated_by')
      .update({ last_seen_at: new Date(Date.now() - 31 * 60_000) });
    await again.get('/bookings').expect(401);
    expect((await episodes()).map(({ end_reason }) => end_reason)).to.deep.equal(['session_ended', 'idle']);
    expect(await ends()).to.have.length(2);
  });

  it('leads to sign-in and then to the console when both sessions have gone', async () => {
    await act(admin, rita).expect(200);
    await app.db('sessions').where({ user_id: id[ada] }).delete();
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
    expect(await app.db('sessions').where({ user_id: id[ada] })).to.deep.equal([]);
    expect(await app.db('sessions').whereNotNull('impersonated_by')).to.deep.equal([]);
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
    acuity.offer(7001, '2027-01-12T10:00:00+11:00', '2027-01-12T11:00:00+11:00');
    const { body } = await admin
      .post('/bookings')
      .send({
        specialistId: specialists.find(({ name }) => name.includes('Hart'))?.id,
        type: 'in_person',
        startsAt: '2027-01-12T10:00:00+11:00',
        examinee: { firstName: 'Ewan', lastName: 'Marsh', phone: '0412 345 678' },
      })
      .expect(201);
    const bookingId = body.booking.id as string;
    expect(body.booking.createdBy.id).to.equal(id[rita]);
    expect(body.booking.createdFor.id).to.equal(id[ada]);
    await admin
      .post(`/bookings/${bookingId}/reschedule`)
      .send({ startsAt: '2027-01-12T11:00:00+11:00' })
      .expect(200);
    await admin.post(`/bookings/${bookingId}/cancel`).send({}).expect(200);
    const progress = await app.db('booking_progress').select('changed_by_id', 'changed_for_id');
    for (const entry of progress)
      expect(entry).to.deep.equal({ changed_by_id: id[rita], changed_for_id: id[ada] });
    expect(progress).to.have.length(3);
    const audit = await app
      .db('audit_log')
      .where({ resource_id: bookingId })
      .select('actor_id', 'acting_as_id');
    for (const row of audit) expect(row).to.deep.equal({ actor_id: id[ada], acting_as_id: id[rita] });
    const { text } = await admin.get(`/bookings/${bookingId}`).set('Accept', 'text/html').expect(200);
    expect(text).to.match(/Rita Alvarez, assisted by Ada/);
    expect(await app.db('emails').pluck('recipient')).to.deep.equal([rita, rita, rita]);

    await admin.post('/admin/exit-impersonation').expect(200);
    const [episode] = (await app.db('impersonations').select('id')) as { id: string }[];
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
      [id[ada], id[rita]],
      [id[nadia], id[ada]],
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
      .send({ email: rita, password: demoPassword })
      .expect(200);
  });

  it('asks on its page for a reason, and goes to the bookings', async () => {
    const post = (fields: object) =>
      admin.post('/admin/impersonate').set('Accept', 'text/html').type('form').send(fields);
    const page = await admin.get(`/admin/act-as?user=${id[rita]}`).set('Accept', 'text/html').expect(200);
    expect(page.text).to.contain('Act as Rita Alvarez?');
    expect((await post({ userId: id[rita], reason: ' ' }).expect(422)).text).to.contain('Enter a reason');
    const { headers } = await post({ userId: id[rita], reason: 'On the phone' }).expect(303);
    expect(headers.location).to.equal('/bookings');
    const left = await admin.post('/admin/exit-impersonation').set('Accept', 'text/html').expect(303);
    expect(left.headers.location).to.equal('/admin');
    expect((await admin.get('/admin/act-as').set('Accept', 'text/html').expect(200)).text)
      .to.contain('Recent')
      .and.contain('Rita Alvarez');
    await admin.get('/admin/act-as?user=nobody').set('Accept', 'text/html').expect(404);
  });
});

describe('the search for a referrer', () => {
  let app: TestApp;
  let admin: Agent;

  before(async () => {
    app = await startTestApp();
    admin = await app.signIn(ada);
    const harbour = (await app.db('organizations').where({ name: 'Harbour Legal' }).first('id')) as {
      id: string;
    };
    for (const [name, email] of [
      ['Zoë Müller-Lüdenscheid', 'zoe@harbour-legal.example'],
      ['Jonathan Smythe', 'j.smythe@harbour-legal.example'],
      ['Siobhán O’Brien', 'siobhan@harbour-legal.example'],
    ]) {
      const [user] = (await app
        .db('users')
        .insert({ name, email, email_verified: true, role: 'referrer' })
        .returning('id')) as { id: string }[];
      await app
        .db('members')
        .insert({ user_id: user?.id, organization_id: harbour.id, role: 'member', created_at: new Date() });
    }
  });
  after(() => app.close());

  const find = async (query: string): Promise<string[]> => {
    const { body } = await admin.get('/admin/referrers/search').query({ query }).expect(200);
    return (body.referrers as { name: string }[]).map(({ name }) => name);
  };

  for (const [query, name] of [
    ['rita', 'Rita Alvarez'],
    ['Alvarez Rita', 'Rita Alvarez'],
    ['alvarz', 'Rita Alvarez'],
    ['zoe muller', 'Zoë Müller-Lüdenscheid'],
    ['ludenscheid', 'Zoë Müller-Lüdenscheid'],
    ['jonathon smythe', 'Jonathan Smythe'],
    ['siobhan obrien', 'Siobhán O’Brien'],
    ['smythe harbour', 'Jonathan Smythe'],
    ['j.smythe@harbour', 'Jonathan Smythe'],
    ['j.smythe@harbour-legal.example', 'Jonathan Smythe'],
    ['smiythe', 'Jonathan Smythe'],
    ['smtyhe jonathan', 'Jonathan Smythe'],
    ['Jonathan Smyth Harbor', 'Jonathan Smythe'],
    ['jonathan from harbour', 'Jonathan Smythe'],
    ['Müller', 'Zoë Müller-Lüdenscheid'],
    ['MÜLLER ZOE', 'Zoë Müller-Lüdenscheid'],
    ['lüdensheid', 'Zoë Müller-Lüdenscheid'],
    ["O'Brien", 'Siobhán O’Brien'],
    ['harb siob', 'Siobhán O’Brien'],
    ['si', 'Siobhán O’Brien'],
  ] as const) {
    it(`finds ${name} by “${query}”, first`, async () => {
      expect((await find(query))[0]).to.equal(name);
    });
  }

  it('finds by organisation, and returns organisation and last activity', async () => {
    const { body } = await admin.get('/admin/referrers/search?query=northside').expect(200);
    expect(body.referrers).to.have.length(1);
    expect(body.referrers[0]).to.have.all.keys('id', 'name', 'email', 'organization', 'lastActiveAt');
    expect(body.referrers[0].organization.name).to.equal('Northside Claims');
  });

  it('never finds staff or the deactivated', async () => {
    expect(await find('examdesk')).to.deep.equal([]);
    await app.db('users').where({ name: 'Jonathan Smythe' }).update({ banned: true });
    expect(await find('smythe')).not.to.include('Jonathan Smythe');
  });

  it('finds a changed name at once', async () => {
    await app.db('users').where({ email: 'zoe@harbour-legal.example' }).update({ name: 'Zoë Fischer' });
    expect((await find('fischer'))[0]).to.equal('Zoë Fischer');
    expect((await find('fisher'))[0]).to.equal('Zoë Fischer');
    expect(await find('zoe muller')).not.to.include('Zoë Müller-Lüdenscheid');
  });

  it('follows a new name of the organisation, a new address, and a move to another', async () => {
    await app.db('organizations').where({ name: 'Harbour Legal' }).update({ name: 'Breakwater Partners' });
    expect(await find('breakwater siobhan')).to.deep.equal(['Siobhán O’Brien']);
    const user = app.db('users').where({ name: 'Siobhán O’Brien' });
    await user.clone().update({ email: 'sob@elsewhere.example' });
    expect(await find('sob@elsewhere')).to.deep.equal(['Siobhán O’Brien']);
    const northside = app.db.raw(`(select id from organizations where name = 'Northside Claims')`);
    await app
      .db('members')
      .whereIn('user_id', user.clone().select('id'))
      .update({ organization_id: northside });
    expect(await find('obrien northside')).to.deep.equal(['Siobhán O’Brien']);
    expect((await find('obrien breakwater'))[0]).not.to.equal('Rita Alvarez');
    await user.clone().update({ banned: true });
    expect(await find('obrien')).to.deep.equal([]);
    await user.clone().update({ banned: false });
    expect(await find('obrien')).to.deep.equal(['Siobhán O’Brien']);
  });

  it('accepts any text as a query', async () => {
    for (const odd of [
      '!',
      "it's",
      ':*',
      "a'|'b",
      '& |',
      'rita:*',
      'é́',
      '%',
      '_',
      '\\',
      "'",
      '"',
      '🦄',
      '(',
      ' a  ',
      'x'.repeat(200),
    ])
      await find(odd);
    await admin.get('/admin/referrers/search?query=').expect(422);
    await admin.get('/admin/referrers/search').expect(422);
    await admin.get(`/admin/referrers/search?query=${'x'.repeat(201)}`).expect(422);
  });
});
