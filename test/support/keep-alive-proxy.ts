// A reverse proxy that treats its upstreams as nginx does by default, with or without keep-alive: it does not check
// /readyz, tries the next upstream when a connection is refused, and repeats other failures only when that is safe.
import { Agent, createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { listen } from './listen.ts';

export interface Proxy {
  url: string;
  /** Ports that take turns; with a path prefix, for paths that start with it. The longest prefix wins. */
  route(prefix: string, ports: number[]): void;
  /** Ports that are tried after those. */
  addFallback(prefix: string, ports: number[]): void;
  close(): Promise<void>;
}

const harmless = new Set(['GET', 'HEAD', 'PUT', 'DELETE']);

export async function openProxy({ keepsConnections }: { keepsConnections: boolean }): Promise<Proxy> {
  const agent = new Agent({ keepAlive: keepsConnections });
  const routes = new Map<string, number[]>();
  const backups = new Map<string, number[]>();
  let turn = 0;

  function portsFor(url: string): number[] {
    const prefixes = [...routes.keys()].filter((prefix) => url.startsWith(prefix));
    const prefix = prefixes.toSorted((a, b) => b.length - a.length)[0] ?? '';
    const ports = routes.get(prefix) ?? [];
    turn += 1;
    const inTurn = ports.map((_, index) => ports[(index + turn) % ports.length] as number);
    return [...inTurn, ...(backups.get(prefix) ?? [])];
  }

  async function pass(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const body = await buffer(req);
    let failure = 'no upstream';
    for (const port of portsFor(req.url ?? '/')) {
      const answer = await ask(port, req, body).catch((error: NodeJS.ErrnoException) => error);
      if (!(answer instanceof Error)) {
        const { connection: _, 'keep-alive': __, 'transfer-encoding': ___, ...headers } = answer.headers;
        res.writeHead(answer.statusCode ?? 502, headers);
        answer.on('error', () => res.destroy()).pipe(res);
        return;
      }
      failure = answer.code ?? answer.message;
      if (failure !== 'ECONNREFUSED' && !harmless.has(req.method ?? '')) break;
    }
    res.writeHead(502, { 'content-type': 'text/plain' }).end(failure);
  }

  function ask(port: number, req: IncomingMessage, body: Buffer): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const { connection: _, ...headers } = req.headers;
      const before = [headers['x-forwarded-for'] ?? []].flat();
      headers['x-forwarded-for'] = [...before, req.socket.remoteAddress].join(', ');
      const { method, url: path } = req;
      const upstream = request({ host: '127.0.0.1', port, method, path, headers, agent });
      upstream.once('response', resolve).once('error', reject).end(body);
    });
  }

  const server = createServer((req, res) => void pass(req, res).catch(() => res.destroy()));
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    route: (prefix, ports) => void routes.set(prefix, ports),
    addFallback: (prefix, ports) => void backups.set(prefix, ports),
    async close() {
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
