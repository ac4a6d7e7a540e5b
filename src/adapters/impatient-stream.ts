// Fails a body that stops arriving. The SDK's own time-out watches the socket, which is also silent while the reader
// pauses: it would abort downloads over slow lines.
import { Readable } from 'node:stream';
import { ObjectStoreUnavailable } from '../ports/object-store.ts';

/**
 * Passes the bytes on, and fails when the next ones take longer than `patienceMs`. Destroy the returned stream, not the
 * body.
 */
export function impatient(body: Readable, patienceMs: number): Readable {
  let patience: NodeJS.Timeout | null = null;
  const rest = () => {
    if (patience) clearTimeout(patience);
    patience = null;
  };

  const stream = new Readable({
    read() {
      patience ??= setTimeout(() => stream.destroy(new ObjectStoreUnavailable('stalled')), patienceMs);
      body.resume();
    },
    destroy(error, done) {
      rest();
      body.destroy();
      done(error);
    },
  });
  body.pause();
  body.on('data', (bytes: Buffer) => {
    if (stream.push(bytes)) patience?.refresh();
    else {
      rest();
      body.pause();
    }
  });
  body.once('end', () => {
    rest();
    stream.push(null);
  });
  body.on('error', (error) => stream.destroy(error));
  body.once('close', () => {
    if (!body.readableEnded) stream.destroy(new ObjectStoreUnavailable('cut short'));
  });
  return stream;
}
