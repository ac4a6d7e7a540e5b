// The main pages with the demo's data: valid, and light on the wire.
import { brotliDecompressSync } from 'node:zlib';
import { expect } from 'chai';
import { ask } from '../support/ask.ts';
import { openDemoApp, type DemoApp } from '../support/demo-app.ts';
import { expectClean } from '../support/clean-pages.ts';

describe('the main pages', () => {
  let demo: DemoApp;
  before(async () => {
    demo = await openDemoApp();
  });
  after(() => demo.close());

  it('are valid with the demo’s data', async () => {
    for (const { email, addresses } of demo.readers) {
      const visitor = await demo.app.signedInVisitor(email);
      for (const address of addresses) {
        const page = await visitor.get(address);
        expect(page.status, address).to.equal(200);
        await expectClean(page);
      }
    }
  });

  it('load at most 60 KB in 12 requests at first', async () => {
    const tooHeavy: string[] = [];
    for (const { email, addresses } of demo.readers) {
      const { name, value } = await demo.app.sessionCookie(email);
      for (const address of addresses) {
        const { requests, bytes } = await firstLoad(demo.app.url, address, `${name}=${value}`);
        if (requests > 12 || bytes > 60_000)
          tooHeavy.push(`${address}: ${requests} requests, ${bytes} bytes`);
      }
    }
    expect(tooHeavy).to.deep.equal([]);
  });
});

/** The page, and every file that it and its modules name, once. */
async function firstLoad(origin: string, address: string, cookie: string) {
  const seen = new Map<string, number>();
  const load = async (name: string): Promise<void> => {
    if (seen.has(name)) return;
    seen.set(name, 0);
    const answer = await ask(new URL(name, origin), 'GET', {
      cookie,
      accept: 'text/html',
      'accept-encoding': 'br',
    });
    // A search leads to its sealed words.
    if (answer.status === 302 || answer.status === 303) return load(answer.headers.location ?? '');
    expect(answer.status, name).to.equal(200);
    seen.set(name, answer.body.length);
    const isPacked = answer.headers['content-encoding'] === 'br';
    const text = (isPacked ? brotliDecompressSync(answer.body) : answer.body).toString();
    const named = /(?:<link[^>]*href|<script[^>]*src|<img[^>]*src)="([^"]+)"|from '(\/js\/[^']+)'/g;
    for (const [, inPage, inModule] of text.matchAll(named)) await load(inPage ?? inModule ?? '');
  };
  await load(address);
  return { requests: seen.size, bytes: [...seen.values()].reduce((sum, one) => sum + one, 0) };
}
