// Fails a body that stops arriving. The SDK's own time-out watches the socket, which is also silent while the reader
// pauses: it would abort downloads over slow lines.
import { Readable } from 'node:stream';
import { ObjectStoreUnavailable } from '../ports/object-store.ts';

/** Read from the store while the reader still works on what came before. */
const aheadBytes = 1024 * 1024;

/**
 * Passes the bytes on, and fails when the next ones take longer than `timeoutMs`. Destroy the returned stream, not the
 * body.
 */
export function withReadTimeout(body: Readable, timeoutMs: number): Readable {
  let timer: NodeJS.Timeout | null = null;
  const stopTimer = () => {
    if (timer) clearTimeout(timer);
    timer = null;
  };

  const stream = new Readable({
    highWaterMark: aheadBytes,
    read() {
      timer ??= setTimeout(() => stream.destroy(new ObjectStoreUnavailable('stalled')), timeoutMs);
      body.resume();
    },
    destroy(error, done) {
      stopTimer();
      body.destroy();
      done(error);
    },
  });
  body.pause();
  body.on('data', (bytes: Buffer) => {
    if (stream.push(bytes)) timer?.refresh();
    else {
      stopTimer();
      body.pause();
    }
  });
  body.once('end', () => {
    stopTimer();
    stream.push(null);
  });
  body.on('error', (error) => stream.destroy(error));
  body.once('close', () => {
    if (!body.readableEnded) stream.destroy(new ObjectStoreUnavailable('cut short'));
  });
  return stream;
}
