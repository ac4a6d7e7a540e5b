// BETTER_AUTH_SECRET is changed as docs/operations.md says: the new one is put in front of the one before. What the old
// one made still works, and is made again with the new one.
import { randomBytes } from 'node:crypto';
import { symmetricEncrypt } from 'better-auth/crypto';
import { expect } from 'chai';
import { demoPassword } from '../../seeds/demo.ts';
import { decryptSecondStep } from '../../src/accounts/changed-secret.ts';
import { createLinkTokens } from '../../src/accounts/index.ts';
import { createProbeTokens } from '../../src/doctor/probe.tokens.ts';
import { createSealedSearch } from '../../src/http/forms/sealed-search.ts';
import { parseSecretRing, type SecretRing } from '../../src/lib/secret-ring.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { openSeededDatabase, type TestDatabase } from '../support/database.ts';
import { mintSession, testSecret } from '../support/session.ts';
import { totp } from '../support/totp.ts';
import { createVisitor, type Visitor } from '../support/visitor.ts';

const rita = 'rita@harbour-legal.example';
const ada = 'ada@examdesk.example';
const old = testSecret;
const next = randomBytes(32).toString('base64');

describe('a changed BETTER_AUTH_SECRET', () => {
  let database: TestDatabase;
  const apps: TestApp[] = [];
  before(async () => {
    database = await openSeededDatabase();
  });
  after(async () => {
    for (const app of apps) await app.close();
    await database.close();
  });

  const appWith = async (...secrets: string[]): Promise<TestApp> => {
    const env = { BETTER_AUTH_SECRET: secrets.join(',') };
    const app = await startTestApp({ database: { ...database, close: async () => undefined }, env });
    apps.push(app);
    return app;
  };
  const cookiesOf = (answer: Response): Map<string, string> =>
    new Map(
      answer.headers.getSetCookie().map((line): [string, string] => {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        return [name, value];
      }),
    );
  const visitorWith = (app: TestApp, cookies: Iterable<readonly [string, string]>): Visitor => {
    const visitor = createVisitor(app.url);
    for (const [name, value] of cookies) visitor.setCookie(name, value);
    return visitor;
  };
  const statusWith = async (app: TestApp, cookies: Iterable<readonly [string, string]>): Promise<number> =>
    (await visitorWith(app, cookies).raw('/bookings')).status;

  it('keeps people signed in, whose cookie is then signed by the new one', async () => {
    const { name, value } = await mintSession(database.db, rita);
    const [before, both, after] = [await appWith(old), await appWith(next, old), await appWith(next)];
    expect(await statusWith(before, [[name, value]])).to.equal(200);
    expect(await statusWith(after, [[name, value]])).to.equal(303);

    const page = await visitorWith(both, [[name, value]]).raw('/bookings');
    expect(page.status).to.equal(200);
    const line = page.headers.getSetCookie().find((one) => one.startsWith(`${name}=`));
    expect(line).to.match(/; Max-Age=43200; Path=\/; HttpOnly; SameSite=Lax$/);
    const renewed = cookiesOf(page).get(name) ?? '';
    expect(await statusWith(after, [[name, renewed]])).to.equal(200);
    expect(cookiesOf(await visitorWith(both, [[name, renewed]]).raw('/bookings')).has(name)).to.equal(false);
  });

  it('accepts no cookie that none of the secrets signed, and sends no new one to polling requests', async () => {
    const { name, value } = await mintSession(database.db, rita);
    const both = await appWith(next, old);
    const changed = value.replace(/^./, (letter) => (letter === 'A' ? 'B' : 'A'));
    expect(await statusWith(both, [[name, changed]])).to.equal(303);
    expect(
      await statusWith(await appWith(next, randomBytes(32).toString('base64')), [[name, value]]),
    ).to.equal(303);
    const asked = await visitorWith(both, [[name, value]]).raw('/session', {
      headers: { Accept: 'application/json', 'X-By-Itself': 'true' },
    });
    expect([asked.status, cookiesOf(asked).has(name)]).to.deep.equal([200, false]);
  });

  it('lets an admin stop acting who began before', async () => {
    const { name, value } = await mintSession(database.db, ada);
    const visitor = visitorWith(await appWith(old), [[name, value]]);
    const user = await database.db('users').where({ email: rita }).first('id');
    const body = new URLSearchParams({ userId: user?.id ?? '', reason: 'On the phone' });
    const acts = await visitor.raw('/admin/impersonate', { method: 'POST', body });
    const cookies = [...cookiesOf(acts)];
    const later = visitorWith(await appWith(next, old), cookies);
    expect((await later.get('/bookings')).text('body')).to.contain('Acting as');
    const back = await later.post('/admin/exit-impersonation', {});
    expect(back.status).to.equal(200);
    expect((await later.get('/account')).text('main')).to.contain(ada);
  });

  it('reads second steps and recovery codes that the old one encrypted, and encrypts them again', async () => {
    const db = database.owner;
    const first = await appWith(old);
    const owner = await first.signedInVisitor(rita);
    const page = await owner.post('/account/two-factor', { password: demoPassword });
    const secret = page.text('.secret');
    const done = await owner.post('/account/two-factor/set-up', { code: totp(secret) });
    const [recoveryCode = ''] = done.texts('.recovery-codes li');
    // As better-auth wrote them before there were rings: they do not name the secret.
    const row = await db('two_factors').first('id', 'secret', 'backup_codes');
    const { accounts } = first.system.services;
    const key = await plainOf(row as { secret: string; backup_codes: string }, [old]);
    await db('two_factors').update({
      secret: await symmetricEncrypt({ key: old, data: key.secret }),
      backup_codes: await symmetricEncrypt({ key: old, data: key.backup_codes }),
    });
    expect(await accounts.renewSecondSteps(), 'nothing is changed').to.equal(0);

    const signIn = async (app: TestApp, fields: Record<string, string>) => {
      await db('used_two_factor_codes').delete();
      const person = createVisitor(app.url);
      await person.post('/sign-in', { email: rita, password: demoPassword });
      return (await person.post('/sign-in/code', fields)).at;
    };
    expect(await signIn(await appWith(old), { code: totp(secret) })).to.equal('/');
    const both = await appWith(next, old);
    expect(await signIn(both, { code: recoveryCode })).to.equal('/');
    expect(await both.system.services.accounts.renewSecondSteps(), 'the sign-in did it').to.equal(0);
    const after = await appWith(next);
    expect(await signIn(after, { code: totp(secret) })).to.equal('/');

    // Without the sign-in the job does it.
    const back = await appWith(old, next);
    expect(await back.system.services.accounts.renewSecondSteps()).to.equal(1);
    expect(await signIn(await appWith(old), { code: totp(secret) })).to.equal('/');
    await db('two_factors').delete();
    await db('users').update({ two_factor_enabled: false });
  });

  it('knows browsers and opens sealed searches, links of mails and questions of the doctor', async () => {
    const first = await appWith(old);
    const entering = createVisitor(first.url);
    const entered = await entering.raw('/sign-in', {
      method: 'POST',
      body: new URLSearchParams({ email: rita, password: demoPassword }),
    });
    const known = cookiesOf(entered).get('examdesk.known') ?? '';
    const both = await appWith(next, old);
    const again = await visitorWith(both, [['examdesk.known', known]]).raw('/sign-in', {
      method: 'POST',
      body: new URLSearchParams({ email: rita, password: demoPassword }),
    });
    const renewed = cookiesOf(again).get('examdesk.known') ?? '';
    expect(renewed.split('~')[0], 'the same browser').to.equal(known.split('~')[0]);
    expect(renewed.split('~')[1]?.split('.'), 'one account').to.have.length(1);
    expect(renewed).not.to.equal(known);

    const [ringBefore, ring, ringAfter] = [[old], [next, old], [next]] as [
      SecretRing,
      SecretRing,
      SecretRing,
    ];
    const sealed = createSealedSearch(ringBefore).seal('rita', 'Marsh');
    expect(createSealedSearch(ring).open('rita', sealed)).to.equal('Marsh');
    expect(createSealedSearch(ringAfter).open('rita', sealed)).to.equal(null);
    const id = 'c1b7e3f0-0c5e-4a53-9a55-2f5c8a5f0a11';
    const token = createLinkTokens(ringBefore).tokenFor('invitation', id);
    expect(createLinkTokens(ring).idOf('invitation', token)).to.equal(id);
    expect(createLinkTokens(ringAfter).idOf('invitation', token)).to.equal(null);
    expect(
      createLinkTokens(ringAfter).idOf('invitation', createLinkTokens(ring).tokenFor('invitation', id)),
    ).to.equal(id);
    const now = new Date();
    const probe = createProbeTokens(ringBefore).make(now);
    expect(createProbeTokens(ring).isValid(probe, now)).to.equal(true);
    expect(createProbeTokens(ringAfter).isValid(probe, now)).to.equal(false);
  });

  it('is refused when it has blanks or repeated secrets', () => {
    expect(parseSecretRing('one')).to.deep.equal(['one']);
    expect(parseSecretRing(' two, one ')).to.deep.equal(['two', 'one']);
    for (const bad of ['', ',', 'one,', ',one', 'one,one', 'one,,two'])
      expect(parseSecretRing(bad), bad).to.equal(null);
  });
});

async function plainOf(row: { secret: string; backup_codes: string }, ring: SecretRing) {
  return {
    secret: (await decryptSecondStep(ring, row.secret)) ?? '',
    backup_codes: (await decryptSecondStep(ring, row.backup_codes)) ?? '',
  };
}
