import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { goodPassword, openAccountFixture, type AccountFixture } from '../support/account-fixture.ts';
import { until } from '../support/until.ts';

const ada = 'ada@examdesk.example';
const sam = 'sam@examdesk.example';

describe('an invitation', () => {
  let fixture: AccountFixture;
  before(async () => {
    fixture = await openAccountFixture();
  });
  after(() => fixture.close());

  const invite = async (email: string, more: Record<string, string> = {}) =>
    fixture.app.system.services.accounts.invite(
      { email, role: 'referrer', organizationId: await fixture.organizationId('Harbour Legal'), ...more },
      await fixture.actor(ada),
    );
  const linkOf = async (email: string) => (await fixture.mailTo(email, /invitation/)).path;

  it('is sent by e-mail, creates an account and signs in', async () => {
    expect((await invite('Lena@Harbour-Legal.example')).ok).to.equal(true);
    const { mail, path } = await fixture.mailTo('lena@harbour-legal.example', /invitation/);
    expect(mail.text)
      .to.contain('Ada Lindqvist invites you')
      .and.contain('Harbour Legal')
      .and.contain('7 days');
    const lena = fixture.visitor();
    const page = await lena.get(path);
    expect(page.status).to.equal(200);
    expect(page.text('.account-facts')).to.contain('lena@harbour-legal.example').and.contain('Harbour Legal');
    const home = await lena.post(path, {
      ...page.form(path),
      name: '  Lena   Ortiz ',
      password: goodPassword,
    });
    expect(home.at).to.equal('/');
    expect(home.text('.person-name')).to.equal('Lena Ortiz');
    expect(home.text('.person-organization')).to.equal('Harbour Legal');
    const later = await fixture.signedIn('lena@harbour-legal.example', goodPassword);
    expect((await later.get('/bookings')).status).to.equal(200);
  });

  it('works once', async () => {
    await invite('once@harbour-legal.example');
    const path = await linkOf('once@harbour-legal.example');
    const adas = await (await fixture.signedIn(ada)).get(path);
    expect(adas.text('.notice'))
      .to.contain('signed in as Ada Lindqvist')
      .and.contain('once@harbour-legal.example');
    const answers = await Promise.all(
      ['First', 'Second'].map((name) => fixture.visitor().post(path, { name, password: goodPassword })),
    );
    expect(answers.map(({ status }) => status)).to.have.members([200, 404]);
    const used = await fixture.visitor().get(path);
    expect(used.status).to.equal(404);
    expect(used.text('main')).to.contain('If you have opened your account with it, sign in');
    expect(used.attribute('main .button', 'href')).to.equal('/sign-in');
    const later = await (await fixture.signedIn('once@harbour-legal.example', goodPassword)).get(path);
    expect(later.attribute('main .button', 'href'), 'in the account it opened').to.equal('/');
    expect(await fixture.app.db('users').where({ email: 'once@harbour-legal.example' })).to.have.length(1);
  });

  it('no longer works after seven days, when revoked, or when replaced by a later one', async () => {
    const sent: string[] = [];
    for (const name of ['late', 'revoked', 'replaced']) {
      const email = `${name}@harbour-legal.example`;
      await invite(email);
      sent.push(await linkOf(email));
    }
    const [late = '', revoked = '', replaced = ''] = sent;
    await fixture.app
      .db('account_links')
      .where({ email: 'late@harbour-legal.example' })
      .update({ expires_at: fixture.app.db.raw(`expires_at - interval '7 days'`) });
    const { invitations } = fixture.app.system.services.accounts;
    const [row] = (await fixture.app
      .db('account_links')
      .where({ email: 'revoked@harbour-legal.example' })) as {
      id: string;
    }[];
    await invitations.revoke(row?.id ?? '', await fixture.actor(ada));
    await invite('replaced@harbour-legal.example');
    for (const path of [late, revoked, replaced]) {
      expect((await fixture.visitor().get(path)).status, path).to.equal(404);
      expect((await fixture.visitor().post(path, { name: 'X', password: goodPassword })).status).to.equal(
        404,
      );
    }
    expect((await invitations.list()).map(({ email, state }) => [email, state])).to.deep.include.members([
      ['late@harbour-legal.example', 'expired'],
      ['replaced@harbour-legal.example', 'open'],
    ]);
  });

  it('does not open with a changed or foreign token', async () => {
    await invite('token@harbour-legal.example');
    const path = await linkOf('token@harbour-legal.example');
    const changed = path.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
    // The last character of a base64url digest carries two bits only: change one in the middle, too.
    const middle = path.replace(/\.(.)/, (_all, first: string) => `.${first === 'x' ? 'y' : 'x'}`);
    const otherKind = path.replace('/invitation/', '/new-password/');
    for (const wrong of [middle, '/account/invitation/nonsense', '/account/invitation/%E0%A4%A', otherKind]) {
      expect((await fixture.visitor().get(wrong)).status, wrong).to.be.within(400, 404);
    }
    expect((await fixture.visitor().get(changed)).status).to.be.oneOf([200, 404]);
  });

  it('refuses a missing name and a common password, and keeps the typed name', async () => {
    await invite('rules@harbour-legal.example');
    const path = await linkOf('rules@harbour-legal.example');
    const person = fixture.visitor();
    const none = await person.post(path, {});
    expect(none.status).to.equal(422);
    expect(none.text('.error-summary')).to.contain('Enter a name').and.contain('Choose a password');
    const common = await person.post(path, { name: 'Rule Maker', password: 'password123456' });
    expect(common.status).to.equal(422);
    expect(common.text('.error-summary')).to.contain('This password is too common');
    expect(common.attribute('#name', 'value')).to.equal('Rule Maker');
    expect(common.html).not.to.contain('password123456');
    const own = await person.post(path, { name: 'Rule Maker', password: 'rules rule maker 1' });
    expect(own.text('.error-summary')).to.contain('mostly your name');
  });

  it('can be sent by admins only, to people without an account', async () => {
    const { accounts } = fixture.app.system.services;
    const input = { email: 'someone@else.example', role: 'support' as const };
    for (const email of [sam, 'rita@harbour-legal.example']) {
      expect(await accounts.invite(input, await fixture.actor(email))).to.deep.equal({
        ok: false,
        reason: 'not_allowed',
      });
    }
    expect(await invite('rob@harbour-legal.example')).to.deep.equal({
      ok: false,
      reason: 'already_active',
      personId: await fixture.userId('rob@harbour-legal.example'),
    });
    const admin = await fixture.actor(ada);
    const wrong = await accounts.invite({ email: 'x', role: 'referrer' }, admin);
    expect(wrong).to.deep.include({ ok: false, reason: 'invalid' });
    expect(!wrong.ok && wrong.reason === 'invalid' && wrong.errors.map(({ path }) => path)).to.include(
      'email',
    );
    expect(
      await accounts.invite(
        { email: 'x@y.example', role: 'referrer', organizationId: crypto.randomUUID() },
        admin,
      ),
    ).to.deep.equal({ ok: false, reason: 'unknown_organization' });
  });

  it('reactivates a deactivated person, also into another organisation', async () => {
    const nadia = 'nadia@northside-claims.example';
    const id = await fixture.userId(nadia);
    await fixture.app.system.services.accounts.deactivate(id, await fixture.actor(ada));
    expect((await invite(nadia)).ok).to.equal(true);
    const path = await linkOf(nadia);
    const back = await fixture.visitor().post(path, { name: 'Nadia Karim-Lee', password: goodPassword });
    expect(back.text('.person-organization')).to.equal('Harbour Legal');
    expect(await fixture.userId(nadia)).to.equal(id);
    expect(await fixture.app.db('members').where({ user_id: id })).to.have.length(1);
    expect((await fixture.visitor().signIn(nadia)).status, 'the old password').to.equal(401);
  });

  it('writes its token to no table or log, and an audit row for each step', async () => {
    await invite('traces@harbour-legal.example');
    const path = await linkOf('traces@harbour-legal.example');
    await fixture.visitor().post(path, { name: 'Tracey', password: goodPassword });
    const secret = path.split('.').at(-1) ?? '';
    expect(secret).to.have.length(43);
    for (const table of ['account_links', 'emails', 'audit_log', 'verifications']) {
      expect(JSON.stringify(await fixture.app.db(table).select('*')), table).not.to.contain(secret);
    }
    expect(fixture.app.logLines.join('\n')).not.to.contain(secret).and.not.contain('traces@');
    const rows = (await fixture.app
      .db('audit_log')
      .where({ resource_type: 'account_link' })
      .orderBy('id')) as {
      metadata: { change: string };
      actor_id: string;
    }[];
    const changes = rows.map(({ metadata }) => metadata.change);
    expect(changes.slice(-2)).to.deep.equal(['invited', 'accepted']);
    expect(changes).to.include.members(['replaced', 'revoked']);
    expect(JSON.stringify(rows)).not.to.contain('@');
    const unannounced = fixture.app.db('audit_log').whereIn('resource_type', ['account', 'member']);
    expect(await unannounced, 'beside the rows about the person').to.deep.equal([]);
  });

  describe('of somebody whose address an admin corrects', () => {
    /** Imported: has an account, and has not accepted an invitation. */
    const imported = async (name: string) => {
      const { db } = fixture.app;
      const person = {
        id: randomUUID(),
        name: 'Lena Ward',
        email: `${name}@harbour-legal.example`,
        role: 'referrer' as const,
        organizationId: await fixture.organizationId('Harbour Legal'),
      };
      const { organizationId, ...row } = person;
      await db.transaction(async (trx) => {
        await trx('users').insert({ ...row, email_verified: true, awaits_invitation: true });
        await trx('members').insert({
          user_id: person.id,
          organization_id: organizationId,
          role: 'member',
          created_at: new Date(),
        });
      });
      const { id, ...seen } = person;
      const rename = async (email: string) =>
        fixture.app.system.services.accounts.editPerson(
          id,
          { ...seen, email: `${email}@harbour-legal.example` },
          await fixture.actor(ada),
          seen,
        );
      return { ...person, rename };
    };
    const openInvitations = (...names: string[]) =>
      fixture.app
        .db('account_links')
        .whereIn(
          'email',
          names.map((name) => `${name}@harbour-legal.example`),
        )
        .where({ kind: 'invitation', used_at: null, revoked_at: null })
        .pluck('email');

    it('is revoked also when it is being written meanwhile', async () => {
      const { db } = fixture.app;
      const { email, rename } = await imported('mistyped');
      // The invitation is written, and waits for this lock before it commits.
      const blocker = await db.transaction();
      await blocker.raw('lock table emails in share mode');
      const invited = invite(email);
      await until(() => isWaiting('relation', 'insert into "emails"%'));
      let isDone = false;
      const edited = rename('corrected').finally(() => (isDone = true));
      await until(async () => isDone || (await isWaiting('advisory', '%')));
      await blocker.commit();
      expect([(await invited).ok, (await edited).ok]).to.deep.equal([true, true]);
      expect(await openInvitations('mistyped', 'corrected')).to.deep.equal([]);
    });

    it('is revoked when it names the address that they get', async () => {
      const { rename } = await imported('early');
      expect((await invite('later@harbour-legal.example')).ok).to.equal(true);
      expect((await rename('later')).ok).to.equal(true);
      expect(await openInvitations('early', 'later')).to.deep.equal([]);
    });

    async function isWaiting(lock: 'relation' | 'advisory', query: string): Promise<boolean> {
      const waiting = await fixture.app
        .db('pg_stat_activity')
        .where({ wait_event_type: 'Lock', wait_event: lock })
        .whereRaw('datname = current_database() and query like ?', [query])
        .select('pid');
      return waiting.length > 0;
    }
  });
});
