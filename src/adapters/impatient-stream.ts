// A body that stops coming ends. The SDK's own limit of that kind looks at the socket, which is as silent when nobody
// reads it: it would break off whoever downloads over a slow line.
import { Readable } from 'node:stream';
import { ObjectStoreUnavailable } from '../ports/object-store.ts';

/** The same bytes; fails when the next of them are waited for longer than `patienceMs`. Destroy it, not the body. */
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
