import { once } from 'node:events';
import {
  Agent,
  createServer,
  request,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { expect } from 'chai';
import { watchConnections, type Drain } from '../../src/app/drain.ts';

describe('watchConnections', () => {
  let server: Server;
  let drain: Drain;
  let agent: Agent;
  /** Answers that wait until the test ends them. */
  let slow: ServerResponse[];
  const largeBytes = 32 * 1_024 * 1_024;

  beforeEach(async () => {
    slow = [];
    agent = new Agent({ keepAlive: true, maxSockets: 1 });
    server = createServer((req, res) => {
      if (req.url === '/begun') res.write('a');
      if (req.url === '/slow' || req.url === '/begun') slow.push(res);
      else res.end(req.url === '/large' ? Buffer.alloc(largeBytes) : 'ok');
    });
    drain = watchConnections(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(() => {
    agent.destroy();
    server.closeAllConnections();
    server.close();
  });

  const port = () => (server.address() as AddressInfo).port;
  const ask = async (path: string, through = agent): Promise<IncomingMessage> => {
    const sent = request({ host: '127.0.0.1', port: port(), path, agent: through }).end();
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    return answer;
  };
  const connectionOf = async (path: string): Promise<string | undefined> => {
    const answer = await ask(path);
    await text(answer);
    return answer.headers.connection;
  };
  const arrived = async (count: number) => {
    while (slow.length < count) await new Promise(setImmediate);
  };

  it('keeps idle connections open longer than proxies do before the drain begins', async () => {
    expect(await connectionOf('/')).to.equal('keep-alive');
    expect(server.keepAliveTimeout).to.be.above(120_000);
  });

  it('sends Connection: close on idle and new connections once the drain has begun', async () => {
    await connectionOf('/');
    drain.begin();
    expect(await connectionOf('/'), 'kept').to.equal('close');
    expect(await connectionOf('/'), 'new').to.equal('close');
  });

  it('sends Connection: close to running requests when the drain begins', async () => {
    const answer = ask('/slow');
    await arrived(1);
    drain.begin();
    slow[0]?.end();
    expect((await answer).headers.connection).to.equal('close');
  });

  it('closes idle connections, and those that never sent anything, when the drain ends', async () => {
    await connectionOf('/');
    const silent = connect(port(), '127.0.0.1');
    await once(server, 'connection');
    drain.begin();
    const closed = once(silent, 'close');
    expect(await drain.end(60_000)).to.equal(0);
    silent.resume();
    await closed;
  });

  it('completes a running download that ends within the time-out', async () => {
    const download = await ask('/begun');
    drain.begin();
    const ended = drain.end(60_000);
    slow[0]?.end('b');
    expect(await text(download)).to.equal('ab');
    expect(await ended).to.equal(0);
  });

  it('completes a response to a slow reader', async () => {
    const download = await ask('/large');
    drain.begin();
    const ended = drain.end(60_000);
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
    expect((await buffer(download)).length).to.equal(largeBytes);
    expect(await ended).to.equal(0);
  });

  it('answers a request whose headers had partly arrived when the drain ends', async () => {
    const client = connect(port(), '127.0.0.1');
    const accepted = once(server, 'connection');
    client.write('GET / HTTP/1.1\r\nHost: ');
    const [socket] = (await accepted) as [Socket];
    while (socket.bytesRead === 0) await new Promise(setImmediate);
    drain.begin();
    const ended = drain.end(60_000);
    await new Promise(setImmediate);
    client.write('examdesk\r\n\r\n');
    expect(await text(client)).to.match(/^HTTP\/1.1 200[^]*Connection: close[^]*ok/);
    expect(await ended).to.equal(0);
  });

  it('cuts off and counts requests that exceed the time-out', async () => {
    const download = await ask('/begun');
    const broken = once(download, 'error');
    download.resume();
    drain.begin();
    expect(await drain.end(50)).to.equal(1);
    expect(await broken).to.have.length(1);
  });

  it('refuses new connections when the drain has ended', async () => {
    const address = port();
    drain.begin();
    await drain.end(1_000);
    const late = connect(address, '127.0.0.1');
    const [error] = (await once(late, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).to.equal('ECONNREFUSED');
  });
});
