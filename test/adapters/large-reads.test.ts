import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { LargeReadAgent } from '../../src/adapters/large-reads.ts';
import { listen } from '../support/listen.ts';

const bytes = [randomBytes(3_000_001), randomBytes(3_000_001)] as const;

describe('LargeReadAgent', () => {
  let server: Server;
  let port: number;
  let connections = 0;
  let agent: LargeReadAgent;
  before(async () => {
    server = createServer((req, res) => {
      if (req.url === '/broken')
        res.writeHead(200, { 'Content-Length': 5 }).write('four', () => res.destroy());
      else res.end(bytes[req.url === '/0' ? 0 : 1]);
    });
    server.on('connection', () => {
      connections += 1;
    });
    port = await listen(server);
  });
  after(() => server.close());
  beforeEach(() => {
    connections = 0;
    agent = new LargeReadAgent({ keepAlive: true });
  });
  afterEach(() => agent.destroy());

  const read = async (path: string, pauseMs = 0): Promise<Buffer> => {
    const [answer] = (await once(get({ port, path, agent }), 'response')) as [IncomingMessage];
    const pieces: Buffer[] = [];
    for await (const piece of answer as AsyncIterable<Buffer>) {
      pieces.push(piece);
      if (pauseMs > 0) await sleep(pauseMs);
    }
    return Buffer.concat(pieces);
  };

  it('keeps the bytes of answers apart that arrive at the same time, also while one is not read', async () => {
    const answers = await Promise.all([read('/0', 2), read('/1')]);
    expect(answers.map((one, index) => one.equals(bytes[index] as Buffer))).to.deep.equal([true, true]);
  });

  it('reads more than 64 KB at once', async () => {
    const [answer] = (await once(get({ port, path: '/0', agent }), 'response')) as [IncomingMessage];
    let longest = 0;
    answer.on('data', (piece: Buffer) => {
      longest = Math.max(longest, piece.length);
    });
    await once(answer, 'end');
    expect(longest).to.be.above(64 * 1024);
  });

  it('uses a connection again', async () => {
    for (const path of ['/0', '/1', '/0']) await read(path);
    expect(connections).to.equal(1);
  });

  it('fails when the connection breaks off', async () => {
    const error: unknown = await read('/broken').catch((failure: unknown) => failure);
    expect(error).to.include({ code: 'ECONNRESET' });
  });
});
