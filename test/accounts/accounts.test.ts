import { expect } from 'chai';
import { demoPassword } from '../../seeds/demo.ts';
import { startTestApp, type Agent, type TestApp } from '../support/app.ts';

const rita = 'rita@harbour-legal.example';

describe('signIn', () => {
  let app: TestApp;
  before(async () => {
    app = await startTestApp({
      overrides: { signInLimits: { perPair: 4, perAccount: 1_000, perAddress: 1_000, windowMs: 60_000 } },
    });
  });
  after(() => app.close());

  const signIn = (email: string, password: string) =>
    app.anonymous().post('/api/auth/sign-in/email').send({ email, password });
  const form = (fields: Record<string, string>) =>
    app.anonymous().post('/sign-in').set('Accept', 'text/html').type('form').send(fields);

  it('creates a session that lasts until sign-out', async () => {
    const agent = await app.signInByPassword(rita);
    const { body } = await agent.get('/api/auth/get-session').expect(200);
    expect(body.user).to.deep.include({ email: rita, role: 'referrer' });
    expect(body.user.organization.name).to.equal('Harbour Legal');
    await agent.post('/api/auth/sign-out').expect(200, { success: true });
    expect((await agent.get('/api/auth/get-session').expect(200)).body).to.equal(null);
    await agent.get('/bookings').expect(401);
  });

  it('sets a cookie that scripts cannot read and other sites do not send', async () => {
    const { headers } = await signIn(rita, demoPassword).expect(200);
    const [cookie] = headers['set-cookie'] as unknown as string[];
    expect(cookie)
      .to.match(/^examdesk\.session_token=/)
      .and.match(/HttpOnly/)
      .and.match(/SameSite=Lax/);
  });

  it('accepts addresses of RFC 5321, tidied, and takes none for the stand-in of another', async () => {
    const address = "o'n&c!@harbour.example";
    const { id, email } = (await app.db('users').where({ email: rita }).first('id', 'email')) as {
      id: string;
      email: string;
    };
    await app.db('users').where({ id }).update({ email: address });
    try {
      for (const typed of [address, ` O’N&C!@harbour.example\u200b`]) {
        const { body } = await signIn(typed, demoPassword).expect(200);
        expect(body.user.email).to.equal(address);
        await form({ email: typed, password: demoPassword }).expect(303);
      }
      const standIn = `${Buffer.from(address).toString('hex')}@address.invalid`;
      await signIn(standIn, demoPassword).expect(401);
    } finally {
      await app.db('users').where({ id }).update({ email });
    }
  });

  it('leaves the same rows as mintSession, which other tests use in its place', async () => {
    const traces = async (enter: (email: string) => Promise<Agent>) => {
      const agent = await enter('rob@harbour-legal.example');
      const { body } = await agent.get('/api/auth/get-session').expect(200);
      const session = (await app.db('sessions').where({ id: body.session.id }).first()) as SessionRow;
      const audit = await app
        .db('audit_log')
        .where({ action: 'auth.signed_in' })
        .orderBy('id', 'desc')
        .first();
      return {
        body: { ...body, session: null },
        session: { ...session, id: '', token: session.token.length, ...lifetimeOf(session) },
        audit: { ...audit, id: '', at: '', request_id: audit?.request_id?.length, xact: '' },
      };
    };
    expect(await traces((email) => app.signIn(email))).to.deep.equal(
      await traces((email) => app.signInByPassword(email)),
    );
  });

  it('gives the same answer for an unknown address, a wrong password and a banned person', async () => {
    await app.db('users').where({ email: 'nadia@northside-claims.example' }).update({ banned: true });
    const answers = await Promise.all([
      signIn('nobody@nowhere.example', demoPassword),
      signIn('rob@harbour-legal.example', 'not the password'),
      signIn('nadia@northside-claims.example', demoPassword),
    ]);
    const seen = answers.map(({ status, body }) => ({ status, code: body.code, detail: body.detail }));
    expect(new Set(seen.map((answer) => JSON.stringify(answer))).size).to.equal(1);
    expect(seen[0]).to.include({ status: 401, code: 'bad_credentials' });
  });

  it('by the form redirects to the page that was asked for, and to no other site', async () => {
    const on = await form({ email: rita, password: demoPassword, next: '/bookings?status=active' }).expect(
      303,
    );
    expect(on.headers.location).to.equal('/bookings?status=active');
    const offSite = await form({ email: rita, password: demoPassword, next: '//evil.example' }).expect(303);
    expect(offSite.headers.location).to.equal('/');
  });

  it('by the form keeps the typed address and explains the error', async () => {
    const empty = await form({ email: 'rita@', password: '' }).expect(422);
    expect(empty.text).to.contain('Enter an e-mail address like').and.contain('Enter your password');
    expect(empty.text).to.contain('value="rita@"').and.contain('<title>Error: ');
    const wrong = await form({ email: 'someone@else.example', password: 'wrong' }).expect(401);
    expect(wrong.text)
      .to.contain('The e-mail address or the password is wrong')
      .and.not.contain('value="wrong"');
  });

  it('writes success, failure and sign-out to the audit log, without e-mail addresses', async () => {
    const rows = (await app.db('audit_log').whereLike('action', 'auth.%')) as {
      action: string;
      ip: string;
      request_id: string;
      metadata: Record<string, string>;
    }[];
    expect(new Set(rows.map(({ action }) => action))).to.include.keys(
      'auth.signed_in',
      'auth.sign_in_failed',
      'auth.signed_out',
    );
    expect(rows.every(({ ip, request_id }) => ip && request_id)).to.equal(true);
    expect(JSON.stringify(rows)).not.to.contain('@');
    const failed = rows.filter(({ action }) => action === 'auth.sign_in_failed');
    expect(failed.map(({ metadata }) => metadata.emailDigest)).to.satisfy((all: string[]) =>
      all.every((one) => one.startsWith('h:')),
    );
  });

  it('is limited by account and address, says how long to wait, and counts spellings of one address together', async () => {
    for (const email of ['lim@x.example', 'LIM@x.example', ' lim@x.example', 'Lim@X.example']) {
      await signIn(email, 'wrong').expect(401);
    }
    const { headers, body } = await signIn('lim@x.example', 'wrong').expect(429);
    expect(body.code).to.equal('too_many_requests');
    expect(Number(headers['retry-after'])).to.be.within(1, 60);
    await form({ email: 'lim@x.example', password: 'wrong' }).expect(429);
  });

  it('resets the count after the right password', async () => {
    const sam = 'sam@examdesk.example';
    for (let round = 0; round < 3; round += 1) {
      await signIn(sam, 'wrong').expect(401);
      await signIn(sam, 'wrong').expect(401);
      await signIn(sam, demoPassword).expect(200);
    }
  });

  it('refuses demo accounts where they are not allowed', async () => {
    const strict = await startTestApp({ env: { DEMO_ACCOUNTS: 'false' } });
    try {
      await strict
        .anonymous()
        .post('/api/auth/sign-in/email')
        .send({ email: rita, password: demoPassword })
        .expect(401);
      expect(await strict.db('sessions').select('id')).to.deep.equal([]);
    } finally {
      await strict.close();
    }
  });
});

interface SessionRow {
  token: string;
  created_at: Date;
  expires_at: Date;
}

/** In hours, in the place of the instants. */
function lifetimeOf({ created_at, expires_at }: SessionRow) {
  // In seconds: better-auth reads the clock once for each of the two, and a millisecond may pass in between.
  const seconds = Math.round((expires_at.getTime() - created_at.getTime()) / 1_000);
  return { expires_at: seconds, created_at: '', updated_at: '', last_seen_at: '' };
}
