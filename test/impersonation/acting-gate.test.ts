// What an admin acting as somebody meets at the gate: refused on record, told until when, and asked whether to go on.
import { expect } from 'chai';
import { startTestApp, type Agent, type TestApp } from '../support/app.ts';
import { copyDemo } from '../support/own-demo.ts';
import type { OwnPerson } from '../support/own-people.ts';

describe('acting', () => {
  let app: TestApp;
  let acting: Agent;
  let ada: OwnPerson;
  let rita: OwnPerson;

  before(async () => {
    app = await startTestApp();
  });
  after(() => app.close());
  beforeEach(async () => {
    ({ ada, rita } = await copyDemo(app.db));
    acting = await app.signIn(ada.email);
    await acting.post('/admin/impersonate').send({ userId: rita.id, reason: 'On the phone' }).expect(200);
  });

  const quiet = (minutes: number) =>
    app
      .db('sessions')
      .whereIn('user_id', [ada.id, rita.id])
      .update({ last_seen_at: new Date(Date.now() - minutes * 60_000) });
  const ask = () => acting.get('/admin/acting').set('X-Polling', 'true');

  it('refuses and records requests for the referrer’s account, without the URL', async () => {
    await acting.get('/account/email/a-secret-of-a-mail').set('Accept', 'text/html').expect(403);
    await acting.post('/Account/password').send({ password: 'x' }).expect(403);
    const rows = await app
      .db('audit_log')
      .where({ action: 'access.denied' })
      .whereIn('actor_id', [ada.id, rita.id])
      .orderBy('id')
      .select('actor_id', 'acting_as_id', 'resource_id', 'outcome', 'metadata');
    const common = { actor_id: ada.id, acting_as_id: rita.id, resource_id: '/account', outcome: 'denied' };
    expect(rows).to.deep.equal([
      { ...common, metadata: { while: 'acting', method: 'GET' } },
      { ...common, metadata: { while: 'acting', method: 'POST' } },
    ]);
  });

  it('shows the whole banner on the page that refuses', async () => {
    const { text } = await acting.get('/account').set('Accept', 'text/html').expect(403);
    expect(text)
      .to.match(/Since .+; ends at /)
      .and.contain('data-acting-left="')
      .and.contain('Stop acting');
  });

  it('does not extend the episode or record a view when asked for its end', async () => {
    await quiet(20);
    const { body } = await ask().expect(200);
    expect(body.acting.secondsLeft).to.be.within(9 * 60, 10 * 60);
    const again = await ask().expect(200);
    expect(again.body.acting.expiresAt).to.equal(body.acting.expiresAt);
    expect(again.headers).not.to.have.property('x-acting-until');
    const views = app
      .db('impersonation_views as v')
      .join('impersonations as i', 'i.id', 'v.impersonation_id')
      .where({ 'i.admin_id': ada.id });
    expect(await views.pluck('v.path')).to.deep.equal([]);
    await quiet(31);
    await ask().expect(401);
  });

  it('extends the episode on request, up to four hours in all', async () => {
    await quiet(20);
    const { body } = await acting.post('/admin/acting').expect(200);
    expect(body.acting.secondsLeft).to.be.within(29 * 60, 30 * 60);
    await app
      .db('sessions')
      .where({ impersonated_by: ada.id })
      .update({ expires_at: new Date(Date.now() + 120_000) });
    const last = await acting.post('/admin/acting').expect(200);
    expect(last.body.acting.secondsLeft).to.be.within(100, 120);
  });

  it('refuses an extension when nobody acts', async () => {
    const sam = await app.signIn('sam@examdesk.example');
    expect((await sam.get('/admin/acting').expect(200)).body).to.deep.equal({ acting: null });
    await sam.post('/admin/acting').expect(403);
    await app.anonymous().get('/admin/acting').expect(401);
  });
});
