// Where an admin is after they stop acting.
import { expect } from 'chai';
import { aBookingOf } from '../support/console-records.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import type { Visitor } from '../support/visitor.ts';

describe('stop acting', () => {
  let app: TestApp;
  let userId: string;
  before(async () => {
    app = await startTestApp();
    userId = (await app.db('users').where({ email: 'rita@harbour-legal.example' }).first('id'))?.id ?? '';
  });
  after(() => app.close());

  const admin = () => app.signedInVisitor('ada@examdesk.example');
  /** Through the search and the page that asks for the reason. */
  async function act(person: Visitor): Promise<void> {
    await person.get('/admin/act-as');
    await person.get('/admin/act-as?q=rita');
    await confirm(person);
  }
  async function confirm(person: Visitor): Promise<void> {
    await person.get(`/admin/act-as?user=${userId}`);
    await person.post('/admin/impersonate', { userId, reason: '' });
    const acting = await person.post('/admin/impersonate', { userId, reason: 'A call from Rita' });
    expect(acting.text('.acting-banner')).to.contain('Acting as');
  }
  const stop = async (person: Visitor) => (await person.post('/admin/exit-impersonation', {})).at;

  for (const from of ['/bookings?view=calendar&month=2026-12', '/account/people', '/specialists?q=Hart'])
    it(`returns to ${from} when the admin went from there`, async () => {
      const person = await admin();
      await person.get(from);
      await act(person);
      await person.get('/specialists');
      expect(await stop(person)).to.equal(from);
    });

  it('returns to the record when the admin used its button in the console', async () => {
    const person = await admin();
    await person.get(`/admin/resources/users/records/${userId}/show`);
    await person.get(`/admin/resources/users/records/${userId}/act-as`);
    await confirm(person);
    expect(await stop(person)).to.equal(`/admin/resources/users/records/${userId}/show`);
  });

  it('returns from the booking in the portal to its record in the console', async () => {
    const person = await admin();
    const id = await aBookingOf(app.db, 'rita');
    await person.get(`/admin/resources/bookings/records/${id}/show`);
    const asked = await person.get(`/admin/resources/bookings/records/${id}/act-as`);
    expect(asked.at).to.equal(`/admin/act-as?user=${userId}&booking=${id}`);
    expect(asked.html).to.contain(`name="booking" value="${id}"`);
    const typed = { userId, reason: 'A call from Rita', booking: id };
    const acting = await person.post('/admin/impersonate', typed);
    expect(acting.at).to.equal(`/bookings/${id}`);
    const refused = await person.get('/admin');
    expect(refused.text('main')).to.contain('You are acting as Rita Alvarez. Stop acting to open this page.');
    expect(await stop(person)).to.equal(`/admin/resources/bookings/records/${id}/show`);
  });

  it('leads to the console when nothing is known, or what is known is not a page of ours', async () => {
    const person = await admin();
    await confirm(person);
    person.setCookie('examdesk.acting_from', encodeURIComponent('//evil.example/'));
    expect(await stop(person)).to.equal('/admin');
    person.setCookie('examdesk.acting_from', '%E0%A4%A');
    await confirm(person);
    expect(await stop(person)).to.match(/^\/admin/);
  });

  it('returns there once: the next time it is forgotten', async () => {
    const person = await admin();
    await person.get('/account/people');
    await act(person);
    await stop(person);
    const post = (path: string, fields: object) =>
      person.raw(path, {
        method: 'POST',
        body: JSON.stringify(fields),
        headers: { accept: 'application/json', 'content-type': 'application/json' },
      });
    expect((await post('/admin/impersonate', { userId, reason: 'Once more' })).status).to.equal(200);
    expect(await stop(person)).to.equal('/admin');
  });
});
