// Behind a proxy: whose address counts, and that a proxy nobody named is told of.
import { expect } from 'chai';
import { startTestApp, type TestApp } from '../support/app.ts';

describe('a request forwarded by a proxy', () => {
  let app: TestApp;
  afterEach(() => app.close());

  const warnings = () => app.logLines.filter((line) => line.includes('TRUST_PROXY'));
  const tryToSignIn = () =>
    app
      .anonymous()
      .post('/api/auth/sign-in/email')
      .set('X-Forwarded-For', '203.0.113.9')
      .send({ email: 'rita@harbour-legal.example', password: 'not hers' })
      .expect(401);
  const addresses = () => app.db('audit_log').where({ action: 'auth.sign_in_failed' }).pluck('ip');

  it('logs one warning, and counts as the proxy’s own, when no proxy is trusted', async () => {
    app = await startTestApp();
    await app.anonymous().get('/healthz');
    // The doctor's own question claims to come from elsewhere.
    await app.anonymous().get('/doctor/probe').set('X-Forwarded-For', '203.0.113.7').expect(404);
    expect(warnings()).to.deep.equal([]);
    await tryToSignIn();
    await tryToSignIn();
    expect(warnings()).to.have.length(1);
    const counted = await addresses();
    expect(counted.map((ip) => ip?.endsWith('127.0.0.1'))).to.deep.equal([true, true]);
  });

  it('counts as the client’s, without a warning, when the proxy is trusted', async () => {
    app = await startTestApp({ env: { TRUST_PROXY: '1' } });
    await tryToSignIn();
    expect(warnings()).to.deep.equal([]);
    expect(await addresses()).to.deep.equal(['203.0.113.9']);
  });
});

describe('X-Request-Id', () => {
  it('is kept when it is well-formed and a trusted proxy sends it', async () => {
    for (const [TRUST_PROXY, sent, isKept] of [
      ['1', 'trace-12345678', true],
      ['1', '<script>alert(1)</script>', false],
      ['loopback', 'trace-12345678', true],
      ['10.0.0.1', 'trace-12345678', false],
      ['0', 'trace-12345678', false],
    ] as const) {
      const behind = await startTestApp({ env: { TRUST_PROXY } });
      const { headers } = await behind.anonymous().get('/healthz').set('X-Request-Id', sent);
      await behind.close();
      expect(headers['x-request-id'] === sent, `${TRUST_PROXY} ${sent}`).to.equal(isKept);
    }
  });
});
