// Three processes, as in production: this one is the client, the others are the app and the store.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { request } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { demoPassword } from '../../seeds/demo.ts';
import { openSeededDatabase } from '../../test/support/database.ts';
import { stopSharedPostgres } from '../../test/support/postgres.ts';
import { deployed } from './web-process.ts';

export const megabyte = 1024 * 1024;

export interface DocumentsBench {
  url: string;
  cookie: string;
  bookingId: string;
  storage: Record<string, string>;
  /** Writes a PDF of this many bytes to disk. */
  file(bytes: number): Promise<string>;
  /** @returns the document's URL */
  upload(file: string, bytes: number): Promise<string>;
  /** Resident bytes of the app's process. */
  resident(): Promise<number>;
  close(): Promise<void>;
}

export async function openDocumentsBench(): Promise<DocumentsBench> {
  const database = await openSeededDatabase();
  const directory = await mkdtemp(path.join(os.tmpdir(), 'examdesk-bench-'));
  const store = await startPart('documents-store.ts', { directory });
  const storage = store.said as Record<string, string>;
  const app = await startPart('documents-app.ts', { databaseUrl: database.url, storage }, deployed);
  const { url, bookingId } = app.said as { url: string; bookingId: string };
  const cookie = await signIn(url);
  return {
    url,
    cookie,
    bookingId,
    storage,
    async file(bytes) {
      const name = path.join(directory, `${bytes}.pdf`);
      const handle = await open(name, 'w');
      await handle.write('%PDF-1.7\n', 0);
      const block = Buffer.alloc(megabyte, 'examdesk ');
      // As every program ends a PDF. Without it the whole file would be searched for a trailer.
      const end = (xref: number) =>
        `\nxref\n0 1\n0000000000 65535 f \ntrailer\n<</Size 1/Root 1 0 R>>\nstartxref\n${xref}\n%%EOF\n`;
      const endAt = bytes - end(bytes).length;
      for (let at = 9; at < endAt; at += block.length) {
        await handle.write(block, 0, Math.min(block.length, endAt - at), at);
      }
      await handle.write(end(endAt + 1), endAt);
      await handle.close();
      return name;
    },
    upload: (file, bytes) => sendForm(`${url}/bookings/${bookingId}/documents`, cookie, file, bytes),
    async resident() {
      app.process.send('resident');
      const [bytes] = (await once(app.process, 'message')) as [number];
      return bytes;
    },
    async close() {
      for (const { process: child } of [app, store]) {
        child.disconnect();
        await once(child, 'exit');
      }
      await database.close();
      await rm(directory, { recursive: true, force: true });
      await stopSharedPostgres();
    },
  };
}

async function startPart(
  file: string,
  plan: Record<string, unknown>,
  nodeOptions: string[] = [],
): Promise<{ process: ChildProcess; said: unknown }> {
  const child = fork(path.join(import.meta.dirname, file), [JSON.stringify(plan)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: nodeOptions,
  });
  const ended = once(child, 'exit').then(() => {
    throw new Error('The app or the store of the bench ended early');
  });
  const [said] = (await Promise.race([once(child, 'message'), ended])) as [unknown];
  ended.catch(() => undefined);
  return { process: child, said };
}

async function sendForm(url: string, cookie: string, file: string, bytes: number): Promise<string> {
  // As long as browsers make it: the parser looks at fewer bytes the longer it is.
  const boundary = '----WebKitFormBoundary0123456789abcdef';
  const head = Buffer.from(
    `--${boundary}\r\nContent-Disposition: form-data; name="category"\r\n\r\nbrief\r\n--${boundary}\r\nContent-Disposition: form-data; name="files"; filename="bench.pdf"\r\nContent-Type: application/pdf\r\n\r\n`,
  );
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
  const req = request(url, {
    method: 'POST',
    headers: {
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'content-length': head.length + bytes + tail.length,
      accept: 'application/json',
      origin: new URL(url).origin,
      cookie,
    },
  });
  const answered = once(req, 'response');
  req.write(head);
  for await (const piece of createReadStream(file, { highWaterMark: megabyte })) {
    if (!req.write(piece)) await once(req, 'drain');
  }
  req.end(tail);
  const [res] = (await answered) as [AsyncIterable<Buffer> & { statusCode: number }];
  const body: Buffer[] = [];
  for await (const piece of res) body.push(piece);
  const text = Buffer.concat(body).toString();
  if (res.statusCode !== 201) throw new Error(`The upload answered ${res.statusCode}: ${text}`);
  const [document] = (JSON.parse(text) as { documents: { url: string }[] }).documents;
  return document?.url ?? '';
}

async function signIn(url: string): Promise<string> {
  const res = await fetch(`${url}/api/auth/sign-in/email`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', origin: url },
    body: JSON.stringify({ email: 'rita@harbour-legal.example', password: demoPassword }),
  });
  if (!res.ok) throw new Error(`Sign-in answered ${res.status}`);
  return res.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';', 1)[0])
    .join('; ');
}
