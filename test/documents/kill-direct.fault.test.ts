// Kills a process during thirteen direct uploads, each at another step: between two writes to the database, or at a call
// to the store. A repeated request finishes an upload in another process; without one, the sweep leaves nothing.
import { expect } from 'chai';
import supertest from 'supertest';
import type { Agent } from '../support/app.ts';
import { pdf } from '../support/builders/files.ts';
import { sendDirectly, type DirectSender } from '../support/direct-upload.ts';
import {
  cookieOf,
  download,
  openDocumentFixture,
  sha256,
  type DocumentFixture,
  type UploadedDocument,
} from '../support/document-fixture.ts';
import { later36Hours, startProcess, type StoreCall } from '../support/processes/document-process.ts';
import { until } from '../support/until.ts';

/** Two parts. */
const large = pdf(5 * 1024 * 1024 + 1_000);

/** The store receives the call; `isDone`: it also carries it out. */
interface AtCall {
  matches: (call: StoreCall) => boolean;
  isDone: boolean;
}

interface Kill {
  when: string;
  isKept: boolean;
  isRepeated: boolean;
  at: { step: string } | AtCall;
}

const calls: [string, AtCall['matches']][] = [
  ['its parts are joined', ({ method, query }) => method === 'POST' && query.has('uploadId')],
  ['its object is copied', ({ method, key }) => method === 'PUT' && key.startsWith('documents/')],
  ['its pending object is removed', ({ method, query }) => method === 'POST' && query.has('delete')],
];
const killsAtCalls = calls.flatMap(([when, matches]) =>
  [false, true].map(
    (isDone): Kill => ({
      when: `${isDone ? 'after' : 'before'} ${when}`,
      isKept: when === 'its pending object is removed',
      isRepeated: true,
      at: { matches, isDone },
    }),
  ),
);
// A call that the store has not carried out leaves less behind.
const abandoned = killsAtCalls
  .filter(({ at }) => 'isDone' in at && at.isDone)
  .map((kill): Kill => ({ ...kill, isRepeated: false }));
// A transaction that stops keeps its locks, so it comes last.
const killsAtSteps = ['received', 'committed', 'in_transaction'].map(
  (step): Kill => ({
    when: `at ${step}`,
    isKept: step === 'committed',
    isRepeated: true,
    at: { step },
  }),
);
const kills = [...killsAtCalls, ...abandoned, ...killsAtSteps];

const isAnswered = (sending: PromiseLike<unknown>) =>
  Promise.resolve(sending).then(
    () => true,
    () => false,
  );

describe('a process that is killed during a direct upload', function () {
  this.timeout(120_000);
  let fixture: DocumentFixture;
  const uploads = new Map<Kill, DirectSender>();
  const answered = new Map<Kill, boolean>();
  /** What the repeated requests answer, and the bytes of the documents that they name. */
  const repeats = new Map<Kill, { status: number; sha256: string }>();
  const bookings = new Map<Kill, string>();
  /** Of the upload that was begun, and not of the next, the process that was killed has written no row. */
  const begun = { bookingId: '', isAnswered: true, rows: [] as string[], statusAgain: 0 };
  let rows: { booking_id: string; s3_key: string }[];
  let keys: string[];
  let openUploads: string[];
  let findings: unknown;

  before(async () => {
    // The store answers a call only when the process has been killed.
    fixture = await openDocumentFixture({ env: { S3_TIMEOUT_MS: '120000' } });
    const web = await startProcess(fixture);
    const rita = supertest.agent(web.url).set({
      Origin: web.url,
      Accept: 'application/json',
      Cookie: await cookieOf(fixture, 'rita@harbour-legal.example'),
    });
    const stop = (at: Kill['at'], send: () => Promise<boolean>) =>
      'step' in at ? web.stopAt(at.step, send) : web.stopAtCall(at, send);

    begun.bookingId = await fixture.newBooking();
    const beginning = await stop(
      { matches: ({ method, query }) => method === 'POST' && query.has('uploads'), isDone: true },
      () => isAnswered(sendDirectly({ rita, bookingId: begun.bookingId }, large)),
    );
    const completing = new Map<Kill, { sent: Promise<boolean> }>();
    for (const kill of kills) {
      const { upload, bookingId } = await sendIn(fixture, rita);
      uploads.set(kill, upload);
      bookings.set(kill, bookingId);
      completing.set(kill, await stop(kill.at, () => isAnswered(upload.complete())));
    }
    expect(await web.kill()).to.equal('SIGKILL');
    begun.isAnswered = await beginning.sent;
    for (const [kill, { sent }] of completing) answered.set(kill, await sent);
    // The store carries out what it has received: of the two open uploads one was only begun, and one not joined.
    await until(async () => (await fixture.storage.openUploads()).length === 2);

    begun.rows = await fixture.app.db('direct_uploads').where({ booking_id: begun.bookingId }).pluck('id');
    const again = await sendDirectly({ rita: fixture.rita, bookingId: begun.bookingId }, large);
    begun.statusAgain = again.status;
    await again.send();
    await again.finish();
    for (const kill of kills.filter(({ isRepeated }) => isRepeated))
      repeats.set(kill, await repeat(fixture, uploads.get(kill)));
    await later36Hours(fixture, (care) => care.sweep());
    rows = await fixture.app.db('documents').select('booking_id', 's3_key');
    keys = await fixture.storage.keys();
    openUploads = await fixture.storage.openUploads();
    findings = (await later36Hours(fixture, (care) => care.checkCustody()))?.findings;
  });
  after(() => fixture.close());

  const documentsOf = (bookingId: string | undefined) =>
    rows.filter(({ booking_id }) => booking_id === bookingId);

  it('leaves an upload without a row, which the sweep aborts, when it dies before the row is written', () => {
    expect(begun).to.deep.include({ isAnswered: false, rows: [], statusAgain: 201 });
    expect(openUploads).to.deep.equal([]);
    expect(documentsOf(begun.bookingId)).to.have.length(1);
  });

  for (const kill of kills) {
    const { when, isKept, isRepeated } = kill;
    const title = isRepeated
      ? `leaves one document after a repeated request when it dies ${when}`
      : `leaves ${isKept ? 'a document' : 'nothing after the sweep'} without a repeated request when it dies ${when}`;
    it(title, () => {
      expect(answered.get(kill)).to.equal(false);
      if (isRepeated) expect(repeats.get(kill)).to.deep.equal({ status: 201, sha256: sha256(large) });
      expect(documentsOf(bookings.get(kill))).to.have.length(isRepeated || isKept ? 1 : 0);
    });
  }

  it('leaves in the store the objects of the documents, and nothing else', () => {
    expect(keys).to.have.members(rows.map((row) => row.s3_key));
    expect(openUploads).to.deep.equal([]);
    expect(findings).to.deep.equal([]);
  });
});

/** An upload to a booking of its own, whose parts have all been sent. */
async function sendIn(
  fixture: DocumentFixture,
  rita: Agent,
): Promise<{ upload: DirectSender; bookingId: string }> {
  const bookingId = await fixture.newBooking();
  const upload = await sendDirectly({ rita, bookingId }, large);
  await upload.send();
  return { upload, bookingId };
}

async function repeat(
  { rita }: DocumentFixture,
  upload: DirectSender | undefined,
): Promise<{ status: number; sha256: string }> {
  const answer = await upload?.complete(upload.claims, rita);
  const [document] = (answer?.body as { documents?: UploadedDocument[] } | undefined)?.documents ?? [];
  const read = await download(rita, document?.url ?? '').expect(200);
  return { status: answer?.status ?? 0, sha256: sha256(read.body as Buffer) };
}
