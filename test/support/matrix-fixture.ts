// For the access matrix: six kinds of visitor, with a booking, a draft, a document and an episode.
import { createHash, randomUUID } from 'node:crypto';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { expect } from 'chai';
import { timeAhead } from './days.ts';
import type { AppGround } from './app-ground.ts';
import { startTestApp, type Agent, type TestApp } from './app.ts';
import { createFakeAcuity } from './fakes/acuity.ts';
import { openTestStorage, testCredentials } from './object-storage.ts';
import { bookingBody } from './builders/booking-request.ts';

export const visitors = ['anonymous', 'rita', 'nadia', 'support', 'admin', 'acting'] as const;
export type VisitorName = (typeof visitors)[number];

const emails = {
  rita: 'rita@harbour-legal.example',
  nadia: 'nadia@northside-claims.example',
  support: 'sam@examdesk.example',
  admin: 'ada@examdesk.example',
} as const;

export interface AccessRequest {
  method: 'get' | 'post' | 'delete';
  address: string;
  shape: 'json' | 'html';
  body?: object | undefined;
}

export interface MatrixFixture {
  app: TestApp;
  agents: Record<VisitorName, Agent>;
  userIds: Record<keyof typeof emails, string>;
  bookingId: string;
  /** Signs one in again, as after a sign-out. */
  enter(name: VisitorName): Promise<Agent>;
  /** A document of Rita's booking: her consent form, or a report by staff. */
  aDocument(of?: 'consent_form' | 'draft_report' | 'released_report'): Promise<string>;
  /** A large upload of Rita's that is in progress. */
  anUpload(): Promise<string>;
  /**
   * The names of those who can see the address, as the page Check access says.
   * @param people ids by name; the signed-in people of the fixture when left out
   */
  canSee(address: string, people?: Record<string, string>): Promise<string[]>;
  /** Replaces each `:name` by a record of the fixture. */
  fill(pattern: string): Promise<string>;
  close(): Promise<void>;
}

/** @param ground unset: a database of its own */
export async function openMatrixFixture(ground?: AppGround): Promise<MatrixFixture> {
  const acuity = createFakeAcuity();
  const storage = await openTestStorage();
  const app = await startTestApp({
    ...(ground && { ground }),
    env: storage.env,
    overrides: {
      acuity,
      signInLimits: {
        perPair: 1_000,
        perBrowser: 1_000,
        perAccount: 1_000,
        perAddress: 10_000,
        windowMs: 60_000,
      },
    },
  });
  const userIds = {} as MatrixFixture['userIds'];
  for (const name of Object.keys(emails) as (keyof typeof emails)[]) {
    const row = (await app.db('users').where({ email: emails[name] }).first('id')) as { id: string };
    userIds[name] = row.id;
  }
  const enter = async (name: VisitorName): Promise<Agent> => {
    if (name === 'anonymous') return app.anonymous();
    const agent = await app.signIn(name === 'acting' ? emails.admin : emails[name]);
    if (name === 'acting')
      await agent.post('/admin/impersonate').send({ userId: userIds.rita, reason: 'Matrix' }).expect(200);
    return agent;
  };
  const agents = {} as MatrixFixture['agents'];
  for (const name of visitors) agents[name] = await enter(name);

  const startsAt = timeAhead(10);
  acuity.offer(7001, startsAt);
  const specialist = await app.system.services.specialists.findByCalendar(7001);
  if (!specialist) throw new Error('The demo has no specialist with calendar 7001');
  const booked = await agents.rita.post('/bookings').send(bookingBody(specialist.id, startsAt)).expect(201);
  const bookingId = booked.body.booking.id as string;
  const draft = await agents.rita
    .post('/bookings/new')
    .set('Accept', 'text/html')
    .type('form')
    .send({ specialistId: specialist.id, type: 'in_person' })
    .expect(303);
  const draftId = /^\/bookings\/new\/([^/]+)\//.exec(draft.headers.location as string)?.[1];
  expect(draftId, 'the draft’s address').to.be.a('string');
  const attempt = (await app.db('booking_attempts').first('id')) as { id: string };
  const episode = (await app.db('impersonations').first('id')) as { id: string };

  const s3 = new S3Client({
    region: 'us-east-1',
    endpoint: storage.server.url,
    credentials: {
      accessKeyId: testCredentials.accessKeyId,
      secretAccessKey: testCredentials.secretAccessKey,
    },
    forcePathStyle: true,
  });
  const hash = createHash('sha256').update('text').digest();
  for (const kind of ['photo', 'cv'] as const) {
    const Key = `profiles/${specialist.id}/${kind}/one`;
    await s3.send(new PutObjectCommand({ Bucket: storage.bucket, Key, Body: 'text' }));
    await app.db('specialist_files').insert({
      ...{ specialist_id: specialist.id, kind, s3_key: Key, size_bytes: 4 },
      ...{ mime_type: kind === 'cv' ? 'application/pdf' : 'image/png', sha256: hash.toString('hex') },
    });
  }
  const aDocument: MatrixFixture['aDocument'] = async (of = 'consent_form') => {
    const id = randomUUID();
    await s3.send(new PutObjectCommand({ Bucket: storage.bucket, Key: `documents/${id}`, Body: 'text' }));
    await app.db.transaction(async (trx) => {
      await trx('documents').insert({
        id,
        booking_id: bookingId,
        category: of === 'consent_form' ? 'consent_form' : 'report',
        ...(of === 'released_report' && { released_at: new Date(), releases: 1 }),
        file_name: 'consent.txt',
        mime_type: 'text/plain',
        size_bytes: 4,
        sha256: hash.toString('hex'),
        chunk_bytes: 4,
        chunk_sha256: hash,
        status: 'not_scanned',
        s3_key: `documents/${id}`,
        uploaded_by_id: of === 'consent_form' ? userIds.rita : userIds.support,
      });
    });
    return id;
  };
  const anUpload = async (): Promise<string> => {
    const started = await agents.rita
      .post(`/bookings/${bookingId}/documents/uploads`)
      .send({ category: 'brief', fileName: 'large.txt', sizeBytes: 4 });
    return (started.body as { upload: { id: string } }).upload.id;
  };
  /** Of e-mails: made by the admin, so nobody else begins it. */
  const aBulkAction = async (): Promise<string> => {
    const id = randomUUID();
    await app.db('bulk_actions').insert({ id, kind: 'emails/send-again', made_by_id: userIds.admin });
    return id;
  };
  const fill = async (pattern: string): Promise<string> => {
    const filled = pattern
      .replace(':draftId', draftId ?? '')
      .replace(':attemptId', attempt.id)
      .replace('/attempts/:id', `/attempts/${attempt.id}`)
      .replace('/specialists/:id', `/specialists/${specialist.id}`)
      .replace('/bookings/:id', `/bookings/${bookingId}`)
      .replace('/episodes/:id', `/episodes/${episode.id}`)
      .replace('/people/:id', `/people/${userIds.nadia}`)
      .replace(':token', 'no-such-token')
      .replace('*rest', 'resources/no-such-table')
      .replace(':table', 'no-such-table')
      .replace(':action', 'edit');
    if (filled.endsWith('/documents.zip')) await aDocument();
    if (filled.includes(':uploadId')) return filled.replace(':uploadId', await anUpload());
    if (/\/documents\/:id\/(release|recall)/.test(filled))
      return filled.replace(':id', await aDocument('draft_report'));
    if (filled.includes('/bulk/:id')) return filled.replace(':id', await aBulkAction());
    if (filled.includes('/documents/:id')) return filled.replace(':id', await aDocument());
    // The others (a webhook event, a merge) do not exist for anybody who may ask.
    return filled.replace(':id', randomUUID());
  };
  const canSee: MatrixFixture['canSee'] = async (address, people = userIds) => {
    const names: string[] = [];
    for (const [name, person] of Object.entries(people)) {
      const { text } = await agents.admin
        .post('/admin/access-check')
        .set('Accept', 'text/html')
        .type('form')
        .send({ person, what: 'page', key: address })
        .expect(200);
      if (/ can see it<\/h2>/.test(text)) names.push(name);
    }
    return names;
  };
  const close = async () => {
    s3.destroy();
    await app.close();
    await storage.close();
  };
  return { app, agents, userIds, bookingId, enter, aDocument, anUpload, canSee, fill, close };
}

/** The answer as a letter of the tables: i allowed, s sign in first, n 403, u 404 or 410. */
export async function letterOf(
  agent: Agent,
  { method, address, shape, body }: AccessRequest,
): Promise<string> {
  const answer = await agent[method](address)
    .set('Accept', shape === 'json' ? 'application/json' : 'text/html')
    .send(body)
    .redirects(0)
    .ok(() => true);
  return letterFor(answer.status, answer.headers.location ?? '');
}

const meanings = {
  i: ['allows', ''],
  s: ['sends', ' to sign-in'],
  n: ['answers 403 to', ''],
  u: ['answers 404 to', ''],
} as const;

/** A line of the tables as words, for titles of tests. */
export function inWords(letters: string): string {
  const phrases = Object.entries(meanings).flatMap(([letter, [verb, rest]]) => {
    const names = visitors.filter((_, at) => letters[at] === letter);
    return names.length > 0 ? [`${verb} ${names.join(', ')}${rest}`] : [];
  });
  return phrases.join('; ');
}

/** The people whom a line of the tables allows. */
export function allowedPeople(letters: string): string[] {
  return (Object.keys(emails) as VisitorName[]).filter((name) => letters[visitors.indexOf(name)] === 'i');
}

function letterFor(status: number, location: string): string {
  if (status === 401 || (status === 303 && location.startsWith('/sign-in?next='))) return 's';
  if (status === 403) return 'n';
  if (status === 404 || status === 410) return 'u';
  if (status >= 500) return `[${status}]`;
  return 'i';
}
