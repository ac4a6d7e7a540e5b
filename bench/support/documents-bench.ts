// Three processes, as in production: the client, the app and the store. This one only starts them.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { demoPassword } from '../../seeds/demo.ts';
import { openSeededDatabase } from '../../test/support/database.ts';
import { stopSharedPostgres } from '../../test/support/postgres.ts';
import type { Transfer, Transferred } from './documents-client.ts';
import { deployed } from './web-process.ts';

export const megabyte = 1024 * 1024;

export interface DocumentsBench {
  /** Writes a PDF of this many bytes to disk. */
  file(bytes: number): Promise<string>;
  /** Through the app. */
  upload(file: string, bytes: number): Promise<Transferred>;
  uploadBySdk(file: string, key: string): Promise<Transferred>;
  /** Through the app. @param url what the upload said */
  download(url: string, bytes: number): Promise<Transferred>;
  /** The document that was uploaded. */
  downloadBySdk(bytes: number): Promise<Transferred>;
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
  const client = await startPart('documents-client.ts', { storage });
  const cookie = await signIn(url);
  const transfer = (one: Transfer) => carryOut(client.process, one);
  return {
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
    upload: (file, bytes) =>
      transfer({ kind: 'upload', url: `${url}/bookings/${bookingId}/documents`, cookie, file, bytes }),
    uploadBySdk: (file, key) => transfer({ kind: 'upload by the SDK', key, file }),
    download: (address, bytes) => transfer({ kind: 'download', url: url + address, cookie, bytes }),
    downloadBySdk: (bytes) => transfer({ kind: 'download by the SDK', bytes }),
    async resident() {
      app.process.send('resident');
      const [bytes] = (await once(app.process, 'message')) as [number];
      return bytes;
    },
    async close() {
      for (const { process: child } of [client, app, store]) {
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
    throw new Error('A process of the bench ended early');
  });
  const [said] = (await Promise.race([once(child, 'message'), ended])) as [unknown];
  ended.catch(() => undefined);
  return { process: child, said };
}

let transfers = 0;

/** @throws Error when the client ends instead: it does when a transfer fails */
async function carryOut(client: ChildProcess, transfer: Transfer): Promise<Transferred> {
  const id = ++transfers;
  return new Promise((resolve, reject) => {
    const fail = () => reject(new Error(`The client ended during an ${transfer.kind}`));
    const hear = (said: Transferred) => {
      if (said.id !== id) return;
      client.off('message', hear).off('exit', fail);
      resolve(said);
    };
    client.on('message', hear).once('exit', fail);
    client.send({ id, transfer });
  });
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
