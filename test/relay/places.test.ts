import { createServer, type Server, type ServerResponse } from 'node:http';
import { expect } from 'chai';
import { startTestApp, type TestApp } from '../support/app.ts';
import { until } from '../support/until.ts';
import { eventBody, send } from '../support/webhook-stack.ts';
import { listen } from '../support/listen.ts';

describe('relay', () => {
  let app: TestApp;
  let target: Server;
  const held: ServerResponse[] = [];
  /** Of appointments; the target answers deliveries for them at the end only. */
  const isHeld = (body: string) => Number(new URLSearchParams(body).get('id')) <= 6;
  const delivered: number[] = [];

  before(async () => {
    target = createServer((req, res) => {
      let body = '';
      req.on('data', (piece: Buffer) => {
        body += piece.toString();
      });
      req.on('end', () => {
        delivered.push(Number(new URLSearchParams(body).get('id')));
        if (isHeld(body)) held.push(res);
        else res.end();
      });
    });
    const targetUrl = `http://127.0.0.1:${await listen(target)}/`;
    app = await startTestApp({
      env: { WEBHOOK_DELAY_SECONDS: '0' },
      overrides: { relay: { targetUrl, concurrency: 8, pollMs: 25 } },
    });
    app.system.relay.start();
  });
  after(async () => {
    for (const res of held) res.end();
    await app.system.relay.stop();
    await app.close();
    target.closeAllConnections();
    target.close();
  });

  const take = (id: number) => send(`${app.url}/automation/acuity`, eventBody('changed', id));

  it('uses the last free places when the target answers to none of the others', async () => {
    for (let id = 1; id <= 6; id += 1) await take(id);
    await until(() => held.length === 6, 30_000);
    for (let id = 7; id <= 30; id += 1) await take(id);
    await until(() => delivered.length === 30, 30_000);
    expect(delivered.toSorted((a, b) => a - b)).to.deep.equal(Array.from({ length: 30 }, (_, at) => at + 1));
    expect(held).to.have.length(6);
  });
});
