import { expect } from 'chai';
import { demoPassword } from '../../seeds/demo.ts';
import type { Visit, Visitor } from '../support/visitor.ts';
import { usualActionLimits } from '../../src/accounts/index.ts';
import { mountedRoutes } from '../support/routes.ts';
import { totp } from '../support/totp.ts';
import { goodPassword, openAccountFixture, type AccountFixture } from '../support/account-fixture.ts';

const setUp = '/account/two-factor/set-up';
const rita = 'rita@harbour-legal.example';

describe('two-step sign-in', () => {
  let fixture: AccountFixture;
  before(async () => {
    const signInLimits = {
      perPair: 100,
      perBrowser: 100,
      perAccount: 100,
      perAddress: 1_000,
      windowMs: 60_000,
    };
    const second_factor = { perSubject: 10, perAddress: 1_000, windowMs: 60_000 };
    const actionLimits = { ...usualActionLimits, second_factor };
    fixture = await openAccountFixture({ overrides: { signInLimits, actionLimits } });
  });
  after(() => fixture.close());

  /** Turns it on; the key for the app, the code that was used, and the recovery codes. */
  async function turnOn(person: Visitor, password: string, email: string) {
    // Each test's codes are its own: those of the test before are used up.
    await fixture.app.db('used_two_factor_codes').delete();
    const page = await person.post('/account/two-factor', { password });
    expect(page.at, page.text('main')).to.equal(setUp);
    const secret = page.text('.secret');
    const code = totp(secret);
    const done = await person.post(setUp, { code });
    expect(done.status, done.text('main')).to.equal(200);
    await fixture.mailTo(email, /two-step/);
    return { secret, code, recoveryCodes: done.texts('.recovery-codes li'), notice: done.text('.notice') };
  }
  async function newReferrer(email: string): Promise<Visitor> {
    await fixture.app.system.services.accounts.invite(
      { email, role: 'referrer', organizationId: await fixture.organizationId('Harbour Legal') },
      await fixture.actor('ada@examdesk.example'),
    );
    return accept(email);
  }
  async function newStaff(
    email: string,
    role: 'support' | 'admin',
  ): Promise<{ person: Visitor; landed: Visit }> {
    await fixture.app.system.services.accounts.invite(
      { email, role },
      await fixture.actor('ada@examdesk.example'),
    );
    const { path } = await fixture.mailTo(email, /invitation/);
    const person = fixture.visitor();
    return { person, landed: await person.post(path, { name: 'New Staff', password: goodPassword }) };
  }
  async function accept(email: string): Promise<Visitor> {
    const { path } = await fixture.mailTo(email, /invitation/);
    const person = fixture.visitor();
    await person.post(path, { name: 'New Person', password: goodPassword });
    return person;
  }
  const firstStep = (person: Visitor, email: string) =>
    person.post('/sign-in', { email, password: goodPassword });

  it('asks for a code after the password, and signs in with it', async () => {
    const email = 'two@harbour-legal.example';
    const { secret, recoveryCodes } = await turnOn(await newReferrer(email), goodPassword, email);
    expect(recoveryCodes).to.have.length(10);
    const person = fixture.visitor();
    const asked = await person.post('/sign-in', { email, password: goodPassword, next: '/bookings' });
    expect(asked.at).to.equal('/sign-in/code?next=%2Fbookings');
    expect((await person.get('/bookings')).at).to.contain('/sign-in');
    const wrong = await person.post('/sign-in/code', { code: '000000', next: '/bookings' });
    expect(wrong.status).to.equal(401);
    expect(wrong.text('.error-summary')).to.contain('wrong or was used already');
    const next = totp(secret, 1);
    const inside = await person.post('/sign-in/code', {
      code: `${next.slice(0, 3)} ${next.slice(3)}`,
      next: '/bookings',
    });
    expect([inside.status, inside.at]).to.deep.equal([200, '/bookings']);
  });

  it('accepts each code once', async () => {
    const email = 'replay@harbour-legal.example';
    const { secret, code } = await turnOn(await newReferrer(email), goodPassword, email);
    const [first, second] = [fixture.visitor(), fixture.visitor()];
    await firstStep(first, email);
    expect((await first.post('/sign-in/code', { code })).status, 'used to turn it on').to.equal(401);
    const next = totp(secret, 1);
    await firstStep(second, email);
    const answers = await Promise.all(
      [first, second].map((person) => person.post('/sign-in/code', { code: next })),
    );
    expect(answers.map(({ status }) => status)).to.have.members([200, 401]);
  });

  it('accepts each recovery code once, in place of a code', async () => {
    const email = 'lost@harbour-legal.example';
    const { recoveryCodes } = await turnOn(await newReferrer(email), goodPassword, email);
    const person = fixture.visitor();
    await firstStep(person, email);
    const inside = await person.post('/sign-in/code', { code: ` ${recoveryCodes[0]} ` });
    expect(inside.at).to.equal('/');
    expect((await person.get('/account')).text('.account-list')).to.contain('9 recovery codes left');
    const again = fixture.visitor();
    await firstStep(again, email);
    expect((await again.post('/sign-in/code', { code: recoveryCodes[0] ?? '' })).status).to.equal(401);
  });

  it('ends after five wrong codes, and asks to start again', async () => {
    const email = 'five@harbour-legal.example';
    const { secret } = await turnOn(await newReferrer(email), goodPassword, email);
    const person = fixture.visitor();
    await firstStep(person, email);
    for (let i = 0; i < 5; i += 1) await person.post('/sign-in/code', { code: '123456' });
    const over = await person.post('/sign-in/code', { code: totp(secret, 1) });
    expect(over.at).to.contain('/sign-in').and.contain('after=code');
    expect(over.text('.notice')).to.contain('too many wrong codes');
  });

  it('accepts the person in their usual browser when a stranger with the password tries codes', async () => {
    const email = 'tried@harbour-legal.example';
    const { recoveryCodes } = await turnOn(await newReferrer(email), goodPassword, email);
    const usual = fixture.visitor();
    await firstStep(usual, email);
    await usual.post('/sign-in/code', { code: recoveryCodes[0] ?? '' });
    await usual.post('/sign-out', {});

    const statuses: number[] = [];
    for (let n = 0; n < 11; n += 1) {
      const stranger = fixture.visitor();
      await firstStep(stranger, email);
      statuses.push((await stranger.post('/sign-in/code', { code: '123456' })).status);
    }
    expect(statuses).to.deep.equal([...Array<number>(9).fill(401), 429, 429]);

    await firstStep(usual, email);
    const inside = await usual.post('/sign-in/code', { code: recoveryCodes[1] ?? '' });
    expect([inside.status, inside.at]).to.deep.equal([200, '/']);
  });

  it('writes no audit row for the password alone, and one for each wrong code', async () => {
    const email = 'audit@harbour-legal.example';
    const { secret, recoveryCodes } = await turnOn(await newReferrer(email), goodPassword, email);
    const id = await fixture.userId(email);
    const rowsOf = async () =>
      (await fixture.app.db('audit_log').where({ resource_id: id }).orderBy('id')) as {
        action: string;
        actor_id: string | null;
        metadata: Record<string, unknown>;
      }[];
    // The tests before have tried more wrong codes in this minute than have a row each.
    await fixture.app.db('refusal_counts').delete();
    const before = (await rowsOf()).length;
    const person = fixture.visitor();
    await firstStep(person, email);
    expect(await rowsOf()).to.have.length(before);
    await person.post('/sign-in/code', { code: '654321' });
    await person.post('/sign-in/code', { code: totp(secret, 1) });
    const after = (await rowsOf()).slice(before);
    expect(after.map(({ action }) => action)).to.deep.equal(['auth.two_factor_failed', 'auth.signed_in']);
    expect(after.at(-1)).to.deep.include({ actor_id: id, metadata: { secondStep: 'code' } });
    const everything =
      JSON.stringify(await fixture.app.db('audit_log').select('*')) + fixture.app.logLines.join('\n');
    for (const told of [secret.replaceAll(' ', ''), recoveryCodes[0] ?? '-', totp(secret, 1)]) {
      expect(everything).not.to.contain(told);
    }
  });

  it('ends sessions opened by the password alone, with an audit row, when it is turned on', async () => {
    const email = 'alone@examdesk.example';
    const { person } = await newStaff(email, 'admin');
    const id = await fixture.userId(email);
    const elsewhere = fixture.visitor();
    await firstStep(elsewhere, email);
    const ids = await fixture.app.db('sessions').where({ user_id: id }).pluck('id');
    expect(ids).to.have.length(2);
    const { notice } = await turnOn(person, goodPassword, email);
    expect(notice).to.contain('You are signed out on all other devices');
    expect((await elsewhere.get('/bookings')).at, 'the other session').to.contain('/sign-in');
    expect((await person.get('/bookings')).at, 'the one that turned it on').to.equal('/bookings');
    expect(await fixture.app.db('sessions').where({ user_id: id })).to.have.length(1);
    const rows = (await fixture.app
      .db('audit_log')
      .whereIn('resource_id', ids)
      .select('action', 'actor_id', 'metadata')) as unknown[];
    expect(rows).to.deep.equal([
      { action: 'auth.signed_out', actor_id: id, metadata: { reason: 'two_factor_on' } },
    ]);
  });

  it('leaves no session opened by password when people sign in while it is turned on', async () => {
    const email = 'slip@harbour-legal.example';
    const person = await newReferrer(email);
    const id = await fixture.userId(email);
    await fixture.app.db('used_two_factor_codes').delete();
    const secret = (await person.post('/account/two-factor', { password: goodPassword })).text('.secret');
    const late = Array.from({ length: 6 }, () => fixture.visitor());
    const [done] = await Promise.all([
      person.post(setUp, { code: totp(secret) }),
      ...late.map((one) => firstStep(one, email)),
    ]);
    expect(done?.status).to.equal(200);
    expect(await fixture.app.db('sessions').where({ user_id: id }), 'whoever came by a code').to.have.length(
      1,
    );
  });

  it('is turned on once when the form is sent twice', async () => {
    const email = 'twice@harbour-legal.example';
    const person = await newReferrer(email);
    await fixture.app.db('used_two_factor_codes').delete();
    const secret = (await person.post('/account/two-factor', { password: goodPassword })).text('.secret');
    const send = () =>
      person.raw(setUp, { method: 'POST', body: new URLSearchParams({ code: totp(secret) }) });
    const statuses = await Promise.all([send(), send()].map(async (answer) => (await answer).status));
    expect(statuses).to.include(200);
    expect(statuses.filter((status) => status >= 500)).to.deep.equal([]);
  });

  it('shows the key for the app only to the session that gave the password', async () => {
    const email = 'shown@harbour-legal.example';
    const person = await newReferrer(email);
    const other = fixture.visitor();
    await firstStep(other, email);
    await fixture.app.db('used_two_factor_codes').delete();
    const shown = await person.post('/account/two-factor', { password: goodPassword });
    const secret = shown.text('.secret');
    expect((await person.get(setUp)).text('.secret'), 'again, where it began').to.equal(secret);
    const elsewhere = await other.get(setUp);
    expect(elsewhere.at).to.equal('/account/two-factor');
    expect(elsewhere.html).not.to.contain(secret);
    const sent = await other.post(setUp, { code: totp(secret) });
    expect(sent.at, 'nor is it turned on from there').to.equal('/account/two-factor');
    expect(await fixture.app.db('users').where({ email }).first('two_factor_enabled')).to.deep.equal({
      two_factor_enabled: false,
    });
    const anew = await other.post('/account/two-factor', { password: goodPassword });
    expect(anew.text('.secret'), 'with the password one begins anew').not.to.equal(secret);
    expect((await person.get(setUp)).at, 'which ends what began before').to.equal('/account/two-factor');
  });

  it('can be turned off by a referrer with the password', async () => {
    const email = 'off@harbour-legal.example';
    const person = await newReferrer(email);
    await turnOn(person, goodPassword, email);
    const wrong = await person.post('/account/two-factor/off', { offPassword: 'not the password' });
    expect(wrong.status).to.equal(422);
    expect(wrong.attribute('#offPassword', 'aria-invalid')).to.equal('true');
    const off = await person.post('/account/two-factor/off', { offPassword: goodPassword });
    expect(off.text('.notice')).to.contain('is off');
    const back = await firstStep(fixture.visitor(), email);
    expect(back.at, 'offered again').to.equal('/account/two-factor?next=%2F');
  });

  it('makes new recovery codes and invalidates the old ones', async () => {
    const email = 'renew@harbour-legal.example';
    const person = await newReferrer(email);
    const { recoveryCodes } = await turnOn(person, goodPassword, email);
    const page = await person.post('/account/two-factor/codes', { codesPassword: goodPassword });
    const fresh = page.texts('.recovery-codes li');
    expect(fresh).to.have.length(10).and.not.include(recoveryCodes[0]);
    const later = fixture.visitor();
    await firstStep(later, email);
    expect((await later.post('/sign-in/code', { code: recoveryCodes[0] ?? '' })).status).to.equal(401);
    expect((await later.post('/sign-in/code', { code: fresh[0] ?? '' })).at).to.equal('/');
  });

  it('refuses staff every page until it is set up', async () => {
    const email = 'grace@examdesk.example';
    const { person, landed } = await newStaff(email, 'admin');
    expect(landed.at).to.equal('/account/two-factor');
    expect(landed.text('.panel')).to.contain('Set this up first');
    const setUpFirst = /You need two-step sign-in/;
    const reached: string[] = [];
    for (const route of [...mountedRoutes(fixture.app.system.app), 'get /nowhere']) {
      // Out again is tried by itself, below: it would end this walk.
      if (route === 'post /sign-out' || route === 'post /api/auth/sign-out') continue;
      const [method = '', pattern = ''] = route.split(' ');
      const path = pattern.replace(/[:*]\w+/g, () => crypto.randomUUID());
      const page = await person.raw(path, { method: method.toUpperCase() });
      const asJson = await person.raw(path, {
        method: method.toUpperCase(),
        headers: { accept: 'application/json' },
      });
      const isSent = page.status === 303 && page.headers.get('location') === '/account/two-factor';
      if (isSent && asJson.status === 403 && setUpFirst.test(await asJson.text())) continue;
      reached.push(route);
    }
    expect(reached).to.have.members([
      'get /metrics',
      'get /healthz',
      'get /readyz',
      'get /api/openapi.json',
      'post /automation/acuity',
      'post /webhooks/acuity',
      'get /account/two-factor',
      'post /account/two-factor',
      'get /account/two-factor/set-up',
      'post /account/two-factor/set-up',
      'get /sign-out',
      'get /api/auth/get-session',
      'get /session',
      'post /session',
    ]);
    const fragment = await person.raw('/bookings', { headers: { 'HX-Request-Type': 'partial' } });
    expect([fragment.status, fragment.headers.get('HX-Redirect')]).to.deep.equal([
      403,
      '/account/two-factor',
    ]);
    await turnOn(person, goodPassword, email);
    expect((await person.get('/bookings')).at).to.equal('/bookings');
    const off = await person.post('/account/two-factor/off', { offPassword: goodPassword });
    expect(off.text('.error-summary')).to.contain('You must use');
  });

  it('allows staff to sign out before it is set up', async () => {
    const { person } = await newStaff('leaver@examdesk.example', 'support');
    expect((await person.post('/sign-out', {})).at).to.equal('/');
    expect((await person.get('/bookings')).at).to.contain('/sign-in');
  });

  it('is optional for the demo accounts', async () => {
    const sam = await fixture.signedIn('sam@examdesk.example');
    expect((await sam.get('/bookings')).at).to.equal('/bookings');
    const ritas = await fixture.signedIn(rita);
    await turnOn(ritas, demoPassword, rita);
    const asked = await fixture.visitor().signIn(rita);
    expect(asked.at).to.contain('/sign-in/code');
  });

  it('is reset by an admin, and must be set up again', async () => {
    const email = 'reset@examdesk.example';
    const { person } = await newStaff(email, 'support');
    await turnOn(person, goodPassword, email);
    const { twoFactor } = fixture.app.system.services.accounts;
    const id = await fixture.userId(email);
    expect(await twoFactor.reset(id, await fixture.actor('sam@examdesk.example'))).to.deep.equal({
      ok: false,
      reason: 'not_allowed',
    });
    expect((await twoFactor.reset(id, await fixture.actor('ada@examdesk.example'))).ok).to.equal(true);
    expect((await person.get('/bookings')).at, 'signed out').to.contain('/sign-in');
    expect((await firstStep(person, email)).at).to.equal('/account/two-factor');
  });

  it('cannot be reset by admins for themselves', async () => {
    const email = 'myself@examdesk.example';
    const { person } = await newStaff(email, 'admin');
    await turnOn(person, goodPassword, email);
    const id = await fixture.userId(email);
    const refused = await person.post(`/account/people/${id}`, { change: 'reset_two_factor' });
    expect([refused.status, refused.text('.error-summary')]).to.deep.equal([
      422,
      'There is a problem Nobody changes the own account from here: ask another administrator',
    ]);
    expect((await person.get('/account')).text('.account-list')).to.contain('10 recovery codes left');
  });

  it('changes nothing when the audit row cannot be written, in better-auth’s writes neither', async () => {
    const email = 'atomic@harbour-legal.example';
    const person = await newReferrer(email);
    const id = await fixture.userId(email);
    const refuse = (change: string) =>
      fixture.app.database.owner.raw(`
        create or replace function refuse_in_test() returns trigger language plpgsql as $$
        begin
          if new.metadata ->> 'change' = '${change}' or new.metadata ->> 'secondStep' = '${change}' then
            raise exception 'refused in this test';
          end if;
          return new;
        end $$;
        create or replace trigger refuse_in_test before insert on audit_log for each row execute function refuse_in_test()`);
    try {
      await refuse('two_factor_begun');
      expect((await person.post('/account/two-factor', { password: goodPassword })).status).to.equal(500);
      expect(await fixture.app.db('two_factors').where({ user_id: id })).to.deep.equal([]);

      await refuse('two_factor_on');
      const page = await person.post('/account/two-factor', { password: goodPassword });
      const secret = page.text('.secret');
      expect((await person.post(setUp, { code: totp(secret) })).status).to.equal(500);
      expect(await fixture.app.db('users').where({ id }).first('two_factor_enabled')).to.deep.equal({
        two_factor_enabled: false,
      });
      expect((await person.get('/bookings')).at, 'the session is the one before').to.equal('/bookings');
      expect((await person.post(setUp, { code: totp(secret, -1) })).status).to.equal(500);

      await refuse('code');
      expect((await person.post(setUp, { code: totp(secret) })).status).to.equal(200);
      const late = fixture.visitor();
      await firstStep(late, email);
      const sessions = await fixture.app.db('sessions').where({ user_id: id });
      expect((await late.post('/sign-in/code', { code: totp(secret, 1) })).status).to.equal(500);
      expect(await fixture.app.db('sessions').where({ user_id: id })).to.have.length(sessions.length);
    } finally {
      await fixture.app.database.owner.raw('drop trigger refuse_in_test on audit_log');
    }
  });

  it('works for programs by JSON', async () => {
    const email = 'program@harbour-legal.example';
    const { secret, recoveryCodes } = await turnOn(await newReferrer(email), goodPassword, email);
    const agent = fixture.app.anonymous();
    const first = await agent
      .post('/api/auth/sign-in/email')
      .send({ email, password: goodPassword })
      .expect(200);
    expect(first.body).to.deep.equal({ twoFactorRedirect: true, twoFactorMethods: ['totp'] });
    await agent.get('/bookings').expect(401);
    await agent.post('/api/auth/two-factor/verify-totp').send({ code: '111111' }).expect(401);
    const { body } = await agent
      .post('/api/auth/two-factor/verify-totp')
      .send({ code: totp(secret, 1) })
      .expect(200);
    expect(body.user.email).to.equal(email);
    await agent.get('/bookings').expect(200);
    const other = fixture.app.anonymous();
    await other.post('/api/auth/two-factor/verify-backup-code').send({ code: recoveryCodes[0] }).expect(401);
  });
});
