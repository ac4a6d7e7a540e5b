// Empties an HTTP server that is about to stop, so that a proxy with kept connections loses no request.
import { once } from 'node:events';
import type { Server, ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';

export interface Drain {
  /** From now on every answer says `Connection: close`. Connections stay open until they have had such an answer. */
  begin(): void;
  /**
   * Closes the listener and what is idle, and waits for requests under way.
   * @returns how many requests were cut off because they took longer than `timeoutMs`
   */
  end(timeoutMs: number): Promise<number>;
}

/**
 * Longer than proxies keep an idle connection (nginx and load balancers: 60 s, Caddy: 120 s): the side that sends
 * requests should close it, or a request can cross the close on its way and be lost.
 */
const keepAliveMs = 125_000;
/** While stopping: for connections whose last answer began before, and so could not say that they close. */
const lastKeepAliveMs = 1_000;

/** Call it before the server listens. */
export function watchConnections(server: Server): Drain {
  /** How much each had sent when its last answer was handed over: more means that another request has begun. */
  const sent = new Map<Socket, number>();
  const underWay = new Set<ServerResponse>();
  let isStopping = false;
  server.keepAliveTimeout = keepAliveMs;
  server.on('connection', (socket: Socket) => {
    sent.set(socket, 0);
    socket.once('close', () => sent.delete(socket));
  });
  // Before the app's own listener, which may answer at once.
  server.prependListener('request', (req, res) => {
    const { socket } = req;
    underWay.add(res);
    res.once('close', () => {
      underWay.delete(res);
      if (sent.has(socket)) sent.set(socket, socket.bytesRead);
    });
    if (isStopping) res.setHeader('Connection', 'close');
  });

  function closeIdle(): void {
    const busy = new Set([...underWay].map(({ req }) => req.socket));
    for (const [socket, bytes] of sent) if (!busy.has(socket) && socket.bytesRead === bytes) socket.destroy();
  }

  return {
    begin() {
      isStopping = true;
      server.keepAliveTimeout = lastKeepAliveMs;
      for (const res of underWay) if (!res.headersSent) res.setHeader('Connection', 'close');
    },

    async end(timeoutMs) {
      const closed = once(server, 'close');
      // Right after a poll: what has reached this process by now is accepted and read before the listener closes.
      await nextTurn();
      // Not the HTTP server's own close(): it also destroys connections whose last answer is still being sent.
      NetServer.prototype.close.call(server);
      closeIdle();
      let cutOff = 0;
      const timer = setTimeout(() => {
        cutOff = underWay.size;
        for (const socket of sent.keys()) socket.destroy();
      }, timeoutMs);
      await closed;
      clearTimeout(timer);
      return cutOff;
    },
  };
}
