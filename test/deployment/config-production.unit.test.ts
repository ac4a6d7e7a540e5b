// What production refuses although it could run with it.
import { createHash, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { demoAcuityKey, isSimple } from '../../src/config.production.ts';
import { ConfigError, listenAddress, mailNeedsTls, readConfig } from '../../src/config.ts';

const hex = (bytes: number) => randomBytes(bytes).toString('hex');
const production = {
  NODE_ENV: 'production',
  BASE_URL: 'https://examdesk.agency.example',
  TRUST_PROXY: '1',
  DATABASE_URL: 'postgres://app@db.internal/examdesk',
  REDIS_URL: 'redis://cache.internal',
  BETTER_AUTH_SECRET: randomBytes(32).toString('base64'),
  ENCRYPTION_KEYS: `k1:${hex(32)}`,
  S3_BUCKET: 'documents',
  S3_REGION: 'ap-southeast-2',
  SMTP_URL: 'smtp://user:pass@mail.agency.example:587',
  ACUITY_BASE_URL: 'https://acuityscheduling.com',
  ACUITY_USER_ID: '22200002',
  ACUITY_API_KEY: hex(16),
  METRICS_TOKEN: hex(24),
};

function problemsOf(change: Record<string, string>): string[] {
  try {
    readConfig({ ...production, ...change });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems;
  }
}

describe('the configuration in production', () => {
  it('is accepted when every value is safe', () => {
    expect(problemsOf({})).to.deep.equal([]);
    expect(problemsOf({ METRICS_TOKEN: '' }), 'closes /metrics').to.deep.equal([]);
    expect(problemsOf({ SMTP_URL: 'smtps://mail.agency.example' })).to.deep.equal([]);
    expect(problemsOf({ AUTOMATION_SECRETS: `whsec_${randomBytes(32).toString('base64')}` })).to.deep.equal(
      [],
    );
  });

  const refused: [string, Record<string, string>, RegExp][] = [
    ['an address without https', { BASE_URL: 'http://examdesk.agency.example' }, /^BASE_URL: needs https/],
    [
      'an address that only looks local',
      { BASE_URL: 'http://localhost.agency.example' },
      /^BASE_URL: needs https/,
    ],
    [
      'an Acuity without https',
      { ACUITY_BASE_URL: 'http://acuity.example' },
      /^ACUITY_BASE_URL: needs https/,
    ],
    ['no word about the proxy behind https', { TRUST_PROXY: '' }, /^TRUST_PROXY: is missing.*\(1\)/],
    ['a proxy that is nobody', { TRUST_PROXY: 'true' }, /^TRUST_PROXY: needs a number/],
    ['the demo’s key of Acuity', { ACUITY_API_KEY: demoAcuityKey }, /^ACUITY_API_KEY: is the demo’s/],
    [
      'the demo’s key of Acuity behind another',
      { ACUITY_API_KEY: `${hex(16)},${demoAcuityKey}` },
      /^ACUITY_API_KEY: is the demo’s/,
    ],
    [
      'more calls than Acuity takes',
      { ACUITY_CALLS_PER_SECOND: '17' },
      /^ACUITY_CALLS_PER_SECOND: may be 8 at most/,
    ],
    [
      'an earlier secret that can be guessed',
      { BETTER_AUTH_SECRET: `${randomBytes(32).toString('base64')},${'x'.repeat(40)}` },
      /^BETTER_AUTH_SECRET: .*openssl rand -base64 32/,
    ],
    ['the demo’s accounts', { DEMO_ACCOUNTS: 'true' }, /^DEMO_ACCOUNTS: is refused/],
    ['a mail server by another protocol', { SMTP_URL: 'http://mail.example' }, /^SMTP_URL: needs smtps/],
    [
      'the demo’s key of the log',
      { ENCRYPTION_KEYS: `k:${'0123456789abcdef'.repeat(4)}` },
      /^ENCRYPTION_KEYS: .*openssl rand -hex 32/,
    ],
    ['a simple key of the log', { ENCRYPTION_KEYS: `k:${'0'.repeat(64)}` }, /^ENCRYPTION_KEYS: /],
    [
      'a simple earlier key',
      { ENCRYPTION_KEYS: `k2:${hex(32)},k1:${'ab'.repeat(32)}` },
      /^ENCRYPTION_KEYS: /,
    ],
    [
      'a repeated secret',
      { BETTER_AUTH_SECRET: 'x'.repeat(40) },
      /^BETTER_AUTH_SECRET: .*openssl rand -base64 32/,
    ],
    [
      'a row of keys',
      { BETTER_AUTH_SECRET: 'abcdefghijklmnopqrstuvwxyz0123456789' },
      /^BETTER_AUTH_SECRET: /,
    ],
    [
      'a placeholder',
      { BETTER_AUTH_SECRET: 'please-change-me-before-you-deploy-this' },
      /^BETTER_AUTH_SECRET: /,
    ],
    [
      'a test’s secret',
      { BETTER_AUTH_SECRET: 'a-secret-for-tests-only-9382716450fbacde' },
      /^BETTER_AUTH_SECRET: /,
    ],
    ['a short token of the metrics', { METRICS_TOKEN: 'metrics' }, /^METRICS_TOKEN: .*openssl rand/],
    ['a short secret of an automation', { AUTOMATION_SECRETS: 'whsec_c2hvcnQ=' }, /^AUTOMATION_SECRETS: /],
  ];
  for (const [what, change, line] of refused) {
    it(`refuses ${what} with one line that names the remedy, and not the value`, () => {
      const problems = problemsOf(change);
      expect(problems).to.have.length(1);
      expect(problems[0]).to.match(line);
      for (const value of Object.values(change))
        if (value.length > 4) expect(problems[0]).not.to.contain(value);
    });
  }

  it('accepts http on this machine, where no proxy is needed', () => {
    for (const BASE_URL of ['http://localhost:3000', 'http://127.0.0.1:3000', 'http://[::1]:3000'])
      expect(problemsOf({ BASE_URL, TRUST_PROXY: '' }), BASE_URL).to.deep.equal([]);
  });

  it('accepts TRUST_PROXY in every form that Express does', () => {
    for (const TRUST_PROXY of [
      '0',
      '2',
      'loopback',
      '10.0.0.0/8',
      '10.1.2.3, fd00::/8',
      'loopback,uniquelocal',
    ])
      expect(problemsOf({ TRUST_PROXY }), TRUST_PROXY).to.deep.equal([]);
  });

  it('accepts every randomly generated secret', () => {
    for (let n = 0; n < 2_000; n += 1) {
      // From a fixed seed, so that every run checks the same secrets.
      const drawn = createHash('sha256').update(String(n)).digest();
      expect(isSimple(drawn.toString('base64'), 10), `of ${n}`).to.equal(false);
      expect(isSimple(drawn.toString('hex'), 8), `of ${n}`).to.equal(false);
    }
  });
});

describe('SMTP in production', () => {
  const needsTls = (SMTP_URL: string, NODE_ENV = 'production') =>
    mailNeedsTls(readConfig({ ...production, SMTP_URL, NODE_ENV }));

  it('requires TLS unless its URL says otherwise or is this machine', () => {
    expect(needsTls('smtp://mail.agency.example:587')).to.equal(true);
    expect(needsTls('smtp://mail:1025?ignoreTLS=true')).to.equal(false);
    expect(needsTls('smtp://127.0.0.1:25')).to.equal(false);
    expect(needsTls('smtp://mail.agency.example:587', 'development')).to.equal(false);
  });
});

describe('the address to listen on', () => {
  it('is the loopback address outside production, all addresses in production, and HOST when it is set', () => {
    const address = (change: Record<string, string>) =>
      listenAddress(readConfig({ ...production, ...change }));
    expect(address({ NODE_ENV: 'development' })).to.equal('127.0.0.1');
    expect(address({})).to.equal(undefined);
    expect(address({ NODE_ENV: 'development', HOST: '0.0.0.0' })).to.equal('0.0.0.0');
    expect(address({ HOST: '10.0.0.7' })).to.equal('10.0.0.7');
  });
});
