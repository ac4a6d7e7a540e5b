import { expect } from 'chai';
import { problemCodes } from '../../src/http/problem.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { createVisitor } from '../support/visitor.ts';

describe('the type of a problem document', () => {
  let app: TestApp;
  before(async () => {
    app = await startTestApp();
  });
  after(() => app.close());

  it('is the address of a page that explains it', async () => {
    const { body } = await app.anonymous().get('/bookings').expect(401);
    expect(body.type).to.equal(`${app.url}/problems#not_signed_in`);
    expect(body.title).to.equal('Sign in first');
    const { body: signature } = await app
      .anonymous()
      .post('/webhooks/acuity')
      .set({ 'content-type': 'application/x-www-form-urlencoded', 'x-acuity-signature': 'wrong' })
      .send('action=scheduled&id=1')
      .expect(401);
    expect(signature).to.include({ code: 'bad_signature', title: 'The signature is wrong' });
    const page = await createVisitor(app.url).get('/problems');
    for (const { type, title } of [body, signature]) {
      const { hash } = new URL(String(type));
      expect(page.text(hash), hash).to.contain(title);
    }
  });

  it('is explained for every code', async () => {
    const page = await createVisitor(app.url).get('/problems');
    for (const code of [...Object.keys(problemCodes), 'outcome_pending'])
      expect(page.text(`#${code}`), code).to.match(/\w{20,}|\w+ \w+ \w+/);
  });
});
