// The real app with its own S3, a booking of Rita's, and ways to send files that browsers would not send.
import { createHash } from 'node:crypto';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'supertest';
import type { Overrides } from '../../src/compose.ts';
import { timeAhead } from './days.ts';
import { startTestApp, type Agent, type TestApp } from './app.ts';
import { createFakeAcuity } from './fakes/acuity.ts';
import { openTestStorage, type TestStorage } from './object-storage.ts';
import { bookingBody } from './builders/booking-request.ts';

export interface UploadedDocument {
  id: string;
  fileName: string;
  mimeType: string;
  sizeBytes: number;
  sha256: string;
  category: string;
  status: string;
  createdAt: string;
  uploadedBy: { id: string; name: string };
  uploadedFor: { id: string; name: string } | null;
  url: string;
}

export interface DocumentFixture {
  app: TestApp;
  storage: TestStorage;
  rita: Agent;
  /** Rita's booking. */
  bookingId: string;
  newBooking(agent?: Agent): Promise<string>;
  /** One request; files by name. */
  send(files: Record<string, Buffer>, more?: { category?: string; agent?: Agent; bookingId?: string }): Test;
  /** The same; expects success. */
  upload(
    files: Record<string, Buffer>,
    more?: { category?: string; agent?: Agent; bookingId?: string },
  ): Promise<UploadedDocument[]>;
  /** Expects that nothing remains of a refused upload: no row, no object, no open upload. */
  traces(): Promise<{ rows: number; keys: string[]; openUploads: string[] }>;
  audit(
    action: string,
  ): Promise<{ resource_id: string; outcome: string; metadata: Record<string, unknown> }[]>;
  /** Runs before everything else is closed. */
  onClose(work: () => Promise<void>): void;
  close(): Promise<void>;
}

export async function openDocumentFixture(
  options: {
    overrides?: Overrides;
    env?: Record<string, string>;
    storage?: Parameters<typeof openTestStorage>[0];
  } = {},
): Promise<DocumentFixture> {
  const storage = await openTestStorage(options.storage);
  const acuity = createFakeAcuity();
  const app = await startTestApp({
    overrides: { acuity, ...options.overrides },
    env: { ...storage.env, S3_TIMEOUT_MS: '2000', ...options.env },
  });
  const rita = await app.signIn('rita@harbour-legal.example');
  const { id: specialistId } = (await app
    .db('specialists')
    .where({ acuity_calendar_id: 7001 })
    .first('id')) as {
    id: string;
  };
  let hours = 0;
  const newBooking = async (agent = rita): Promise<string> => {
    hours += 1;
    const startsAt = new Date(Date.parse(timeAhead(10)) + hours * 3_600_000).toISOString();
    acuity.offer(7001, startsAt);
    const booked = await agent.post('/bookings').send(bookingBody(specialistId, startsAt)).expect(201);
    return (booked.body as { booking: { id: string } }).booking.id;
  };
  const bookingId = await newBooking();
  const closing: (() => Promise<void>)[] = [];
  const fixture: DocumentFixture = {
    app,
    storage,
    rita,
    bookingId,
    newBooking,
    send(files, more = {}) {
      const sending = (more.agent ?? rita)
        .post(`/bookings/${more.bookingId ?? bookingId}/documents`)
        .field('category', more.category ?? 'brief');
      for (const [name, bytes] of Object.entries(files)) void sending.attach('files', bytes, name);
      return sending;
    },
    async upload(files, more) {
      const answer = await fixture.send(files, more).expect(201);
      return (answer.body as { documents: UploadedDocument[] }).documents;
    },
    async traces() {
      const [{ count = 0 } = {}] = (await app.db('documents').count()) as { count?: number }[];
      return { rows: count, keys: await storage.keys(), openUploads: await storage.openUploads() };
    },
    audit: async (action) =>
      (await app.db('audit_log').where({ action }).orderBy('id')) as Awaited<
        ReturnType<DocumentFixture['audit']>
      >,
    onClose: (work) => void closing.push(work),
    async close() {
      await Promise.all(closing.map((work) => work()));
      await app.close();
      await storage.close();
    },
  };
  return fixture;
}

export const nothing = { rows: 0, keys: [] as string[], openUploads: [] as string[] };

export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A download's body as bytes. */
export function download(agent: Agent, url: string, headers: Record<string, string> = {}): Test {
  return agent
    .get(url)
    .set(headers)
    .buffer(true)
    .parse((res, done) => {
      const pieces: Buffer[] = [];
      res.on('data', (piece: Buffer) => pieces.push(piece));
      res.on('end', () => done(null, Buffer.concat(pieces)));
      res.on('error', (error: Error) => done(error, null));
    });
}

export const boundary = '----examdesk-test';

export function field(name: string, value: string): Buffer {
  return Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`);
}

export function fileHead(name: string): Buffer {
  return Buffer.from(
    `--${boundary}\r\nContent-Disposition: form-data; name="files"; filename="${name}"\r\nContent-Type: application/octet-stream\r\n\r\n`,
  );
}

export const closing = Buffer.from(`\r\n--${boundary}--\r\n`);

export interface RawUpload {
  write(bytes: Buffer): Promise<void>;
  end(): void;
  /** Breaks the connection. */
  disconnect(): void;
  answer: Promise<{ status: number; body: { code?: string; documents?: { url: string }[] } }>;
}

/** A request whose body the test writes piece by piece; without a length, it is chunked. */
export async function rawUpload(
  fixture: DocumentFixture,
  path: string,
  cookie: string,
  contentType = `multipart/form-data; boundary=${boundary}`,
): Promise<RawUpload> {
  const url = new URL(path, fixture.app.url);
  const req = httpRequest(url, {
    method: 'POST',
    headers: {
      'content-type': contentType,
      accept: 'application/json',
      origin: fixture.app.url,
      cookie,
    },
  });
  const answer = new Promise<{ status: number; body: { code?: string; documents?: { url: string }[] } }>(
    (resolve, reject) => {
      req.once('error', reject);
      req.once('response', (res: IncomingMessage) => {
        let text = '';
        res.on('data', (piece: Buffer) => (text += piece.toString()));
        res.once('end', () =>
          resolve({
            status: res.statusCode ?? 0,
            body: (text ? JSON.parse(text) : {}) as { code?: string; documents?: { url: string }[] },
          }),
        );
      });
    },
  );
  answer.catch(() => undefined);
  await sleep(0);
  return {
    answer,
    end: () => void req.end(),
    disconnect: () => void req.destroy(),
    write: (bytes) =>
      new Promise((resolve, reject) => {
        req.write(bytes, (error) => (error ? reject(error) : resolve()));
      }),
  };
}

/** A session's cookie, for requests made by hand. */
export async function cookieOf(fixture: DocumentFixture, email: string): Promise<string> {
  const { name, value } = await fixture.app.sessionCookie(email);
  return `${name}=${value}`;
}
