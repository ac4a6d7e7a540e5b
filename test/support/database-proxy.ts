// A TCP proxy in front of a database that can be blocked: it then breaks its connections and refuses new ones. Frozen, it keeps them, and passes
// nothing on.
import { connect, createServer, type Socket } from 'node:net';
import { listen } from './listen.ts';

export interface DatabaseProxy {
  /** The database's URL through the proxy. */
  url: string;
  block(): void;
  unblock(): void;
  freeze(): void;
  /** What arrived meanwhile is passed on. */
  thaw(): void;
  close(): Promise<void>;
}

export async function openDatabaseProxy(databaseUrl: string): Promise<DatabaseProxy> {
  const url = new URL(databaseUrl);
  const to = { host: '127.0.0.1', port: Number(url.port) };
  const sockets = new Map<Socket, Socket>();
  let isBlocked = false;
  let isFrozen = false;
  const server = createServer((incoming) => {
    if (isBlocked) {
      incoming.destroy();
      return;
    }
    const outgoing = connect(to);
    for (const [one, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      sockets.set(one, other);
      if (!isFrozen) one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  Object.assign(url, { hostname: to.host, port: String(await listen(server)) });
  const disconnectAll = () => {
    for (const socket of sockets.keys()) socket.destroy();
  };
  return {
    url: url.href,
    block() {
      isBlocked = true;
      disconnectAll();
    },
    unblock() {
      isBlocked = false;
    },
    freeze() {
      isFrozen = true;
      for (const [one, other] of sockets) one.unpipe(other).pause();
    },
    thaw() {
      // Piped a second time, connections would pass everything on twice.
      if (!isFrozen) return;
      isFrozen = false;
      for (const [one, other] of sockets) one.pipe(other);
    },
    async close() {
      disconnectAll();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
