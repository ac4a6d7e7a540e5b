// Drains an HTTP server before it stops, so that a proxy with keep-alive connections loses no request.
import { once } from 'node:events';
import type { Server, ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';

export interface Drain {
  /** From now on every response has `Connection: close`. Connections stay open until they have had such a response. */
  begin(): void;
  /**
   * Closes the listener and idle connections, and waits for running requests.
   * @returns how many requests were cut off because they took longer than `timeoutMs`
   */
  end(timeoutMs: number): Promise<number>;
}

/**
 * Longer than proxies keep an idle connection (nginx and load balancers: 60 s, Caddy: 120 s). The proxy should close
 * it: if we do, a request that is already on its way is lost.
 */
const keepAliveMs = 125_000;
/** While stopping: for connections whose last response began earlier, without `Connection: close`. */
const lastKeepAliveMs = 1_000;

/** Call it before the server listens. */
export function watchConnections(server: Server): Drain {
  /** Bytes read from each connection when its last response ended; a higher count means that a request has begun. */
  const bytesSeen = new Map<Socket, number>();
  const running = new Set<ServerResponse>();
  let isStopping = false;
  server.keepAliveTimeout = keepAliveMs;
  server.on('connection', (socket: Socket) => {
    bytesSeen.set(socket, 0);
    socket.once('close', () => bytesSeen.delete(socket));
  });
  // Runs before the app's own listener, which may respond at once.
  server.prependListener('request', (req, res) => {
    const { socket } = req;
    running.add(res);
    res.once('close', () => {
      running.delete(res);
      if (bytesSeen.has(socket)) bytesSeen.set(socket, socket.bytesRead);
    });
    if (isStopping) res.setHeader('Connection', 'close');
  });

  function closeIdle(): void {
    const busy = new Set([...running].map(({ req }) => req.socket));
    for (const [socket, bytes] of bytesSeen)
      if (!busy.has(socket) && socket.bytesRead === bytes) socket.destroy();
  }

  return {
    begin() {
      isStopping = true;
      server.keepAliveTimeout = lastKeepAliveMs;
      for (const res of running) if (!res.headersSent) res.setHeader('Connection', 'close');
    },

    async end(timeoutMs) {
      const closed = once(server, 'close');
      // Runs right after the poll phase: connections and bytes that have arrived are accepted and read first.
      await nextTurn();
      // Not http.Server.close(): it also destroys connections whose last response is still being sent.
      NetServer.prototype.close.call(server);
      closeIdle();
      let cutOff = 0;
      const timer = setTimeout(() => {
        cutOff = running.size;
        for (const socket of bytesSeen.keys()) socket.destroy();
      }, timeoutMs);
      await closed;
      clearTimeout(timer);
      return cutOff;
    },
  };
}
