// Continues uploads as browsers do: start, ask for each part and send the missing ones, complete. In these tests the
// parts were already joined and no document was made, because a process died or the store became unreachable.
import { expect } from 'chai';
import { pdf } from '../support/builders/files.ts';
import { sendDirectly, type DirectSender } from '../support/direct-upload.ts';
import {
  download,
  openDocumentFixture,
  sha256,
  type DocumentFixture,
  type UploadedDocument,
} from '../support/document-fixture.ts';

const partBytes = 5 * 1024 * 1024;
/** Three parts. */
const file = pdf(2 * partBytes + 1_000);
/** Differs in the third part. */
const other = Buffer.from(file);
other[2 * partBytes + 5] = (other[2 * partBytes + 5] ?? 0) ^ 1;

describe('a direct upload whose parts were joined and that is no document yet', () => {
  let fixture: DocumentFixture;
  let step: ((name: string) => void) | null = null;
  before(async () => {
    const onStep = (name: string) => Promise.resolve(step?.(name));
    fixture = await openDocumentFixture({ overrides: { documents: { onStep } } });
  });
  after(() => fixture.close());
  beforeEach(async () => {
    fixture.bookingId = await fixture.newBooking();
  });

  /** Returns the answer that the browser shows. */
  const sendAsBrowser = async (bytes: Buffer) => {
    const upload = await sendDirectly(fixture, bytes);
    const path = `/bookings/${fixture.bookingId}/documents/uploads/${upload.id}/parts`;
    const sent: number[] = [];
    for (const claim of upload.claims) {
      const offered = await fixture.rita.post(path).send({ parts: [claim] });
      if (offered.status !== 200) return { upload, sent, status: offered.status };
      sent.push(...(await upload.send(claim.partNumber)));
    }
    return { upload, sent, status: (await upload.complete()).status };
  };
  const failCompletion = async (bytes: Buffer): Promise<DirectSender> => {
    step = (name) => {
      if (name === 'put_together') throw new Error('The process died here');
    };
    const { upload, status } = await sendAsBrowser(bytes);
    step = null;
    expect(status).to.equal(500);
    return upload;
  };
  const kept = async () => {
    const ids = await fixture.app
      .db('documents')
      .where({ booking_id: fixture.bookingId })
      .orderBy('created_at')
      .pluck('id');
    const bodies = await Promise.all(ids.map((id) => download(fixture.rita, `/documents/${id}`).expect(200)));
    return bodies.map(({ body }) => sha256(body as Buffer));
  };

  it('becomes a document without sending a part again when the file is chosen again', async () => {
    const first = await failCompletion(file);
    const again = await sendAsBrowser(file);
    expect([again.upload.id, again.status, again.sent]).to.deep.equal([first.id, 201, []]);
    expect(await kept()).to.deep.equal([sha256(file)]);
  });

  it('becomes a document when the store refused the copy before', async () => {
    fixture.storage.server.injectFault = ({ method, key }) =>
      method === 'PUT' && key.startsWith('documents/') ? { status: 500, code: 'InternalError' } : undefined;
    expect((await sendAsBrowser(file)).status).to.equal(503);
    fixture.storage.server.injectFault = null;
    const again = await sendAsBrowser(file);
    expect([again.status, again.sent]).to.deep.equal([201, []]);
    expect(await kept()).to.deep.equal([sha256(file)]);
  });

  it('stays open when another file of the same name and size is uploaded, which starts a new upload when retried', async () => {
    const first = await failCompletion(file);
    const beside = await sendAsBrowser(other);
    expect([beside.upload.id, beside.status]).to.deep.equal([first.id, 404]);
    const anew = await sendAsBrowser(other);
    expect(anew.upload.id).not.to.equal(first.id);
    expect([anew.upload.status, anew.status, anew.sent]).to.deep.equal([201, 201, [1, 2, 3]]);
    // The first file's tab only has to repeat its request.
    const answer = await first.complete().expect(201);
    expect((answer.body as { documents: UploadedDocument[] }).documents[0]?.sha256).to.equal(sha256(file));
    expect(await kept()).to.deep.equal([sha256(other), sha256(file)]);
  });

  it('ends when the store has lost its object or parts, and the file starts a new upload', async () => {
    const first = await failCompletion(file);
    for (const key of await fixture.storage.keys('pending/'))
      await fixture.storage.server.files.remove(fixture.storage.bucket, key);
    expect((await sendAsBrowser(file)).status).to.equal(404);
    const second = await sendDirectly(fixture, file);
    expect(second.id).not.to.equal(first.id);
    await second.send();
    const { bucket, server } = fixture.storage;
    for (const { uploadId } of await server.files.uploads(bucket, ''))
      await server.files.closeUpload(bucket, uploadId);
    expect((await sendAsBrowser(file)).status).to.equal(404);
    expect((await sendAsBrowser(file)).status).to.equal(201);
    expect(await kept()).to.deep.equal([sha256(file)]);
  });
});
