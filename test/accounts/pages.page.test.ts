import { expect } from 'chai';
import { demoPassword } from '../../seeds/demo.ts';
import { totp } from '../support/totp.ts';
import { expectClean } from '../support/clean-pages.ts';
import type { Visitor } from '../support/visitor.ts';
import { goodPassword, openAccountFixture, type AccountFixture } from '../support/account-fixture.ts';

const ada = 'ada@examdesk.example';
const rita = 'rita@harbour-legal.example';
const rob = 'rob@harbour-legal.example';

describe('people and organisations, for admins', () => {
  let fixture: AccountFixture;
  let adas: Visitor;
  before(async () => {
    fixture = await openAccountFixture();
    adas = await fixture.signedIn(ada);
  });
  after(() => fixture.close());

  const people = '/account/people';
  const of = async (name: string) => `${people}?of=${await fixture.organizationId(name)}`;
  const pageOf = async (email: string) => `${people}/${await fixture.userId(email)}`;

  it('lists the people of each organisation', async () => {
    const staff = await adas.get(people);
    expect(staff.texts('.row-name')).to.deep.equal(['Ada Lindqvist', 'Sam Whitlock']);
    const harbour = await adas.get(await of('Harbour Legal'));
    expect(harbour.texts('.row-name')).to.deep.equal(['Rita Alvarez', 'Rob Petersen']);
    expect(harbour.text('.people-groups [aria-current]')).to.contain('Harbour Legal 2');
  });

  it('invites into a new organisation', async () => {
    const made = await adas.post('/account/organizations', { organizationName: 'Ostrom & Vale' });
    expect(made.text('.notice')).to.contain('Invite its first person');
    expect(made.text('.empty')).to.contain('Nobody yet');
    const organizationId = await fixture.organizationId('Ostrom & Vale');
    const form = { email: 'una@ostrom.example', name: 'Una', role: 'referrer', organizationId };
    const invited = await adas.post('/account/invitations', form);
    expect(invited.text('.notice')).to.contain('has been sent');
    expect(invited.text('.empty')).to.equal('Nobody has joined yet. Invited: una@ostrom.example.');
    expect(invited.text('.session')).to.contain('una@ostrom.example').and.contain('Ostrom & Vale');
    const { path: first } = await fixture.mailTo('una@ostrom.example', /invitation/);
    await fixture.mailbox.clear();
    await adas.post('/account/invitations/again', invited.form('/account/invitations/again'));
    const { path: second } = await fixture.mailTo('una@ostrom.example', /invitation/);
    expect((await fixture.visitor().get(first)).status).to.equal(404);
    const una = await fixture.visitor().post(second, { name: 'Una Ostrom', password: goodPassword });
    expect(una.text('.person-organization')).to.equal('Ostrom & Vale');
    expect((await adas.get(people)).has('.session'), 'accepted').to.equal(false);
  });

  it('shows errors at the fields, and keeps typed values', async () => {
    const wrong = await adas.post('/account/invitations', {
      email: 'una@',
      name: 'U',
      role: 'referrer',
      organizationId: '',
    });
    expect(wrong.status).to.equal(422);
    expect(wrong.attribute('#email', 'value')).to.equal('una@');
    expect(wrong.text('.error-summary'))
      .to.contain('like name@example.com')
      .and.contain('Choose an organisation');
    const taken = await adas.post('/account/invitations', { email: rita, role: 'support' });
    expect(taken.text('.error-summary')).to.contain('an account with this address already');
    const link = taken.attribute('.error-summary + p a', 'href') ?? '';
    expect((await adas.get(link)).text('main')).to.contain(rita);
    const twice = await adas.post('/account/organizations', { organizationName: 'harbour legal' });
    expect(twice.text('.error-summary')).to.contain('with this name already');
  });

  it('revokes an invitation', async () => {
    await adas.post('/account/invitations', { email: 'gone@agency.example', role: 'support' });
    const { path } = await fixture.mailTo('gone@agency.example', /invitation/);
    const page = await adas.get(people);
    await adas.post('/account/invitations/revoke', page.form('/account/invitations/revoke'));
    expect((await fixture.visitor().get(path)).status).to.equal(404);
  });

  it('deactivates and reactivates a person', async () => {
    const robs = await fixture.signedIn(rob);
    const path = await pageOf(rob);
    const gone = await adas.post(path, { change: 'deactivate' });
    expect(gone.text('.notice')).to.contain('deactivated');
    expect((await robs.get('/bookings')).at).to.contain('/sign-in');
    expect((await adas.get(await of('Harbour Legal'))).text('.rows')).to.contain('Deactivated');
    await adas.post(path, { change: 'reactivate' });
    expect((await fixture.visitor().signIn(rob)).at).to.equal('/');
  });

  it('changes roles, ends sessions, and refuses impossible changes', async () => {
    const path = await pageOf(rob);
    const none = await adas.post(`${path}/role`, { role: 'referrer', organizationId: '' });
    expect(none.text('.error-summary')).to.contain('needs an organisation');
    expect((await adas.post(`${path}/role`, { role: 'owner' })).status).to.equal(422);
    const done = await adas.post(`${path}/role`, { role: 'support', organizationId: '' });
    expect(done.text('.summary-list')).to.contain('Support');
    await adas.post(`${path}/role`, {
      role: 'referrer',
      organizationId: await fixture.organizationId('Harbour Legal'),
    });
    expect((await adas.post(path, { change: 'end_sessions' })).text('.notice')).to.contain('Signed out');
    expect((await adas.post(path, { change: 'toString' })).status).to.equal(422);
    const self = await adas.post(await pageOf(ada), { change: 'deactivate' });
    expect(self.text('.error-summary')).to.contain('Nobody changes the own account');
    expect((await adas.get(`${people}/nonsense`)).status).to.equal(404);
    expect((await adas.get(`${people}/${crypto.randomUUID()}`)).status).to.equal(404);
  });

  it('is closed to everybody else', async () => {
    for (const email of [rita, 'sam@examdesk.example']) {
      const person = await fixture.signedIn(email);
      for (const path of [people, await pageOf(rob)])
        expect((await person.get(path)).status, path).to.equal(403);
      for (const path of [
        '/account/invitations',
        '/account/invitations/again',
        '/account/invitations/revoke',
        '/account/organizations',
        await pageOf(rob),
        `${await pageOf(rob)}/role`,
      ]) {
        expect((await person.post(path, {})).status, path).to.equal(403);
      }
    }
    expect((await fixture.visitor().get(people)).at).to.contain('/sign-in');
  });
});

describe('the account’s forms', () => {
  let fixture: AccountFixture;
  before(async () => {
    fixture = await openAccountFixture();
  });
  after(() => fixture.close());

  it('refuse requests from other sites', async () => {
    const adas = await fixture.app.signIn(ada);
    const before = await fixture.app.db('account_links').count();
    for (const path of [
      '/account/invitation/x',
      '/account/forgotten',
      '/account/new-password/x',
      '/account/password',
      '/account/email',
      '/account/email/x',
      '/account/sessions/end',
      '/account/sessions/end-all',
      '/account/two-factor',
      '/account/two-factor/set-up',
      '/account/two-factor/codes',
      '/account/two-factor/off',
      '/account/invitations',
      '/account/invitations/again',
      '/account/invitations/revoke',
      '/account/organizations',
      `/account/people/${await fixture.userId(rita)}`,
      `/account/people/${await fixture.userId(rita)}/role`,
      '/sign-in/code',
    ]) {
      const { status, body } = await adas
        .post(path)
        .set('Origin', 'https://evil.example')
        .type('form')
        .send('email=x@y.example');
      expect([status, body.code], path).to.deep.equal([403, 'cross_site']);
    }
    expect(await fixture.app.db('account_links').count()).to.deep.equal(before);
  });

  it('answer invalid input with an error, never with 500', async () => {
    const adas = await fixture.app.signIn(ada);
    const id = await fixture.userId(rita);
    const nonsense = [
      {
        email: ['a', 'b'],
        password: { x: 1 },
        current: 7,
        code: ['1'],
        name: {},
        role: [],
        change: {},
        id: 'x',
      },
      {
        email: 'é'.repeat(300),
        password: 'x'.repeat(5000),
        code: '९९९९९९',
        sessionId: 'x',
        organizationId: 'x',
        role: 'referrer',
      },
      {},
    ];
    for (const path of [
      '/account/forgotten',
      '/account/password',
      '/account/email',
      '/account/sessions/end',
      '/account/two-factor',
      '/account/two-factor/set-up',
      '/account/two-factor/codes',
      '/account/two-factor/off',
      '/account/invitations',
      '/account/invitations/again',
      '/account/invitations/revoke',
      '/account/organizations',
      `/account/people/${id}`,
      `/account/people/${id}/role`,
      '/account/people/x/role',
      '/sign-in/code',
      '/sign-in',
    ]) {
      for (const body of nonsense) {
        const { status } = await adas.post(path).set('Accept', 'text/html').send(body);
        expect(status, `${path} ${JSON.stringify(body).slice(0, 60)}`).to.be.oneOf([
          200, 303, 401, 404, 422, 429,
        ]);
      }
    }
  });
});

describe('the markup of the account’s pages', () => {
  let fixture: AccountFixture;
  before(async () => {
    fixture = await openAccountFixture();
  });
  after(() => fixture.close());

  it('is valid on pages of links', async () => {
    const stranger = fixture.visitor();
    await fixture.app.system.services.accounts.invite(
      { email: 'new@agency.example', role: 'support' },
      await fixture.actor(ada),
    );
    const { path } = await fixture.mailTo('new@agency.example', /invitation/);
    await stranger.post('/account/forgotten', { email: rob });
    const reset = await fixture.mailTo(rob, /Choose/);
    await expectClean(
      await stranger.get(path),
      await stranger.post(path, {}),
      await stranger.get('/account/invitation/none'),
      await stranger.get('/account/forgotten'),
      await stranger.post('/account/forgotten', { email: 'x' }),
      await stranger.post('/account/forgotten', { email: 'x@y.example' }),
      await stranger.get(reset.path),
      await stranger.post(reset.path, { password: 'x' }),
      await stranger.get('/sign-in?after=everywhere'),
    );
  });

  it('is valid on pages of the own account', async () => {
    const ritas = await fixture.signedIn(rita);
    const elsewhere = await fixture.signedIn(rita);
    await elsewhere.get('/');
    await expectClean(
      await ritas.get('/account'),
      await ritas.get('/account/password'),
      await ritas.post('/account/password', {}),
      await ritas.get('/account/email'),
      await ritas.post('/account/email', {}),
      await ritas.post('/account/email', { email: 'r@new.example', password: demoPassword }),
      await ritas.get('/account/sessions'),
      await ritas.get('/account/two-factor'),
      await ritas.post('/account/two-factor', { password: 'x' }),
    );
    const setUp = await ritas.post('/account/two-factor', { password: demoPassword });
    const wrong = await ritas.post('/account/two-factor/set-up', { code: 'x' });
    const codes = await ritas.post('/account/two-factor/set-up', { code: totp(setUp.text('.secret')) });
    const on = await ritas.get('/account/two-factor');
    const asked = await fixture.visitor().signIn(rita);
    await expectClean(setUp, wrong, codes, on, asked);
    expect(codes.has('.recovery-codes')).to.equal(true);
    const { path } = await fixture.mailTo('r@new.example', /Confirm/);
    await expectClean(await fixture.visitor().get(path));
  });

  it('is valid for admins', async () => {
    const adas = await fixture.signedIn(ada);
    await expectClean(
      await adas.get('/account/people'),
      await adas.post('/account/invitations', {}),
      await adas.get(`/account/people?of=${await fixture.organizationId('Harbour Legal')}`),
      await adas.get(`/account/people/${await fixture.userId(rita)}`),
      await adas.get(`/account/people/${await fixture.userId(ada)}`),
    );
  });
});
