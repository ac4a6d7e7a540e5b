import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { exchange } from '../../src/adapters/acuity-http/exchange.ts';

describe('exchange', () => {
  let server: Server;
  before(async () => {
    server = createServer((req, res) => {
      void text(req).then((body) =>
        res.end([req.method, req.headers['content-length'] ?? 'no length', body].join(' ')),
      );
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  after(() => server.close());

  it('sends a body with its length, whatever the method', async () => {
    const { port } = server.address() as AddressInfo;
    for (const [method, body, expected] of [
      ['POST', '{"é":1}', 'POST 8 {"é":1}'],
      ['DELETE', '{"é":1}', 'DELETE 8 {"é":1}'],
      ['DELETE', undefined, 'DELETE no length '],
    ] as const) {
      const asked = { method, headers: {}, body, timeoutMs: 60_000 };
      const reply = await exchange(new URL(`http://127.0.0.1:${port}/`), asked);
      expect([reply.status, reply.text]).to.deep.equal([200, expected]);
    }
  });
});
