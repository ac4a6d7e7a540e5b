import { expect } from 'chai';
import { demoPassword } from '../../seeds/demo.ts';
import { startTestApp, type Agent, type TestApp } from '../support/app.ts';

const rita = 'rita@harbour-legal.example';
const html = { Accept: 'text/html' };

const elsewhere = ['/..//evil.example/login', '/%2e%2e//evil.example', '//evil.example', '/\\evil.example'];

describe('redirects to the next parameter', () => {
  let app: TestApp;
  let signedIn: Agent;
  before(async () => {
    app = await startTestApp();
    signedIn = await app.signIn(rita);
  });
  after(() => app.close());

  const target = (location: string | undefined): string => new URL(location ?? '', app.url).href;

  for (const next of elsewhere) {
    const query = `next=${encodeURIComponent(next)}`;

    it(`/sign-in leads home when somebody is signed in and next=${next}`, async () => {
      const { headers } = await signedIn.get(`/sign-in?${query}`).set(html).expect(303);
      expect(target(headers.location)).to.equal(`${app.url}/`);
    });

    it(`/sign-in shows a form without next when nobody is signed in and next=${next}`, async () => {
      const { text } = await app.anonymous().get(`/sign-in?${query}`).set(html).expect(200);
      expect(text).to.contain('name="password"').and.not.contain('evil.example');
    });

    it(`the sign-in form leads home when it is sent with next=${next}`, async () => {
      const fields = { email: rita, password: demoPassword, next };
      const sent = app.anonymous().post('/sign-in').set(html).type('form').send(fields);
      expect(target((await sent.expect(303)).headers.location)).to.equal(`${app.url}/`);
    });

    it(`the second step leads home when somebody is signed in and next=${next}`, async () => {
      const shown = await signedIn.get(`/sign-in/code?${query}`).set(html).expect(303);
      const sent = await signedIn.post('/sign-in/code').set(html).type('form').send({ next }).expect(303);
      for (const { headers } of [shown, sent]) expect(target(headers.location)).to.equal(`${app.url}/`);
    });

    it(`the second step drops next=${next} when the password step has expired`, async () => {
      const fields = { code: '123456', next };
      const sent = app.anonymous().post('/sign-in/code').set(html).type('form').send(fields);
      expect((await sent.expect(303)).headers.location).to.equal('/sign-in?next=%2F&after=code');
    });
  }

  it('signing in leads to the form’s own page when the referring page’s path names another host', async () => {
    const referer = `${app.url}/a/..//evil.example`;
    const sent = app
      .anonymous()
      .post('/bookings')
      .set({ ...html, Referer: referer });
    expect((await sent.expect(303)).headers.location).to.equal('/sign-in?next=%2Fbookings');
    const partial = app
      .anonymous()
      .post('/bookings')
      .set({ ...html, Referer: referer });
    const { headers } = await partial.set('HX-Request-Type', 'partial').expect(401);
    expect(headers['hx-redirect']).to.equal('/sign-in?next=%2Fbookings');
  });

  it('the booking status answers 404 with a path on this site when the id is not a UUID', async () => {
    for (const id of ['%0A', '%E2%82%AC', '..%2F..%2F%2Fevil.example', '%5C%5Cevil.example', '%3Fx']) {
      const part = signedIn.get(`/bookings/${id}/status`).set({ ...html, 'HX-Request-Type': 'partial' });
      const { headers } = await part.expect(404);
      expect(headers['hx-redirect']).to.match(/^\/bookings\/[^/\\?]+$/);
      const whole = await signedIn.get(`/bookings/${id}/status`).set(html).expect(303);
      expect(whole.headers.location).to.match(/^\/bookings\/[^/\\?]+$/);
    }
  });
});
