// The address to which browsers send large files, and which pages try.
import { expect } from 'chai';
import { objectStorage } from '../../src/app/storage.ts';
import { readConfig } from '../../src/config.ts';

type CanSendDirectly = (storeOrigin: string, page: { hostname: string }, crypto: object) => boolean;

const needed = {
  DATABASE_URL: 'postgres://127.0.0.1/none',
  BETTER_AUTH_SECRET: 'x'.repeat(32),
  SMTP_URL: 'smtp://127.0.0.1:9',
  ACUITY_BASE_URL: 'http://127.0.0.1:9',
  ACUITY_USER_ID: '1',
  ACUITY_API_KEY: 'key',
  S3_BUCKET: 'agency-documents',
  S3_REGION: 'eu-west-1',
};

describe('browserOrigin', () => {
  const cases: [string, Record<string, string>, string | null][] = [
    ['is Amazon’s own when the store is Amazon’s', {}, 'https://agency-documents.s3.eu-west-1.amazonaws.com'],
    [
      'is Amazon’s in China',
      { S3_REGION: 'cn-north-1' },
      'https://agency-documents.s3.cn-north-1.amazonaws.com.cn',
    ],
    [
      'has the bucket in the path when its name has dots',
      { S3_BUCKET: 'documents.agency.example' },
      'https://s3.eu-west-1.amazonaws.com',
    ],
    ['is null when the store is not Amazon’s', { S3_ENDPOINT: 'http://s3:8333' }, null],
    [
      'is what S3_BROWSER_ENDPOINT says',
      {
        S3_ENDPOINT: 'http://s3:8333',
        S3_BROWSER_ENDPOINT: 'https://files.example',
        S3_FORCE_PATH_STYLE: 'true',
      },
      'https://files.example',
    ],
    ['is null when S3_BROWSER_ENDPOINT is none', { S3_BROWSER_ENDPOINT: 'none' }, null],
  ];
  for (const [what, env, origin] of cases) {
    it(what, async () => {
      const { store } = objectStorage(
        readConfig({ ...needed, S3_ACCESS_KEY_ID: 'AKIAEXAMPLE', S3_SECRET_ACCESS_KEY: 'secret', ...env }),
      );
      expect(store.browserOrigin).to.equal(origin);
      if (origin !== null) {
        const part = { partNumber: 1, size: 1, sha256: 'a1'.repeat(32) };
        const { url } = await store.partAddress('pending/x', 'upload', part, 60);
        expect(new URL(url).origin, 'where addresses lead').to.equal(origin);
      }
      store.close();
    });
  }

  it('stops the start when pages are https and the store is http on another machine', () => {
    const https = { ...needed, BASE_URL: 'https://examdesk.example' };
    expect(() => readConfig({ ...https, S3_BROWSER_ENDPOINT: 'http://files.example' })).to.throw(
      'S3_BROWSER_ENDPOINT: needs https like BASE_URL',
    );
    expect(() => readConfig({ ...https, S3_BROWSER_ENDPOINT: 'files.example' })).to.throw(
      'S3_BROWSER_ENDPOINT',
    );
    for (const fine of ['https://files.example', 'http://localhost:8333', 'http://127.0.0.1:8333', 'none'])
      expect(readConfig({ ...https, S3_BROWSER_ENDPOINT: fine }).S3_BROWSER_ENDPOINT).to.equal(fine);
  });
});

describe('canSendDirectly', () => {
  const from = (hostname: string) => ({ hostname });
  const hashing = { subtle: {} };
  let canSendDirectly: CanSendDirectly;
  before(async () => {
    const script = new URL('../../public/js/upload-direct.js', import.meta.url).href;
    ({ canSendDirectly } = (await import(script)) as { canSendDirectly: CanSendDirectly });
  });

  it('is true for a public store, from any page', () => {
    expect(canSendDirectly('https://files.example', from('examdesk.example'), hashing)).to.equal(true);
  });

  it('is true for a store on localhost only when the page is on localhost too', () => {
    for (const here of ['localhost', 'examdesk.localhost', '127.0.0.1', '[::1]'])
      expect(canSendDirectly('http://127.0.0.1:41000', from(here), hashing), here).to.equal(true);
    for (const elsewhere of ['192.168.1.20', 'demo.example', 'localhost.example', '127.0.0.1.example'])
      expect(canSendDirectly('http://localhost:8333', from(elsewhere), hashing), elsewhere).to.equal(false);
  });

  it('is false when the browser does not let the page hash', () => {
    expect(canSendDirectly('https://files.example', from('192.168.1.20'), {})).to.equal(false);
  });
});
