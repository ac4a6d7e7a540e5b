// Two tabs that upload a file of the same name and size share one upload. The same file becomes one document, two
// different files become two.
import { expect } from 'chai';
import { pdf } from '../support/builders/files.ts';
import { sendDirectly } from '../support/direct-upload.ts';
import {
  download,
  openDocumentFixture,
  sha256,
  type DocumentFixture,
  type UploadedDocument,
} from '../support/document-fixture.ts';

const partBytes = 5 * 1024 * 1024;
const one = pdf(2 * partBytes + 1_000);
/** Differs in the second part. */
const other = Buffer.from(one);
other[partBytes + 5] = (other[partBytes + 5] ?? 0) ^ 1;

describe('a direct upload from two tabs at once', () => {
  let fixture: DocumentFixture;
  let step: ((name: string) => Promise<void>) | null = null;
  before(async () => {
    fixture = await openDocumentFixture({ overrides: { documents: { onStep: (name) => step?.(name) } } });
  });
  after(() => fixture.close());
  beforeEach(async () => {
    step = null;
    fixture.bookingId = await fixture.newBooking();
  });

  const idIn = (body: unknown) => (body as { documents: UploadedDocument[] }).documents[0]?.id;
  const partsIn = (body: unknown) => (body as { errors: { path: string }[] }).errors.map(({ path }) => path);
  /** The bytes of the booking's documents. */
  const kept = async () => {
    const ids = await fixture.app.db('documents').where({ booking_id: fixture.bookingId }).pluck('id');
    const bodies = await Promise.all(ids.map((id) => download(fixture.rita, `/documents/${id}`).expect(200)));
    return bodies.map(({ body }) => sha256(body as Buffer));
  };

  it('becomes one document, and both tabs get it, when the file is the same', async () => {
    const [first, second] = [await sendDirectly(fixture, one), await sendDirectly(fixture, one)];
    expect(second.id).to.equal(first.id);
    await Promise.all([first.send(), second.send()]);
    const answers = await Promise.all([first.complete(), second.complete()]);
    expect(answers.map(({ status }) => status)).to.deep.equal([201, 201]);
    expect(idIn(answers[0].body)).to.equal(idIn(answers[1].body));
    expect(await kept()).to.deep.equal([sha256(one)]);
  });

  it('becomes two documents, and each tab gets its own, when the files differ', async () => {
    const [first, second] = [await sendDirectly(fixture, one), await sendDirectly(fixture, other)];
    await first.send();
    expect(await second.send(), 'only what differs').to.deep.equal([2]);
    expect(partsIn((await first.complete().expect(422)).body)).to.deep.equal(['parts.2']);
    expect(await first.send()).to.deep.equal([2]);
    await first.finish();
    await second.complete().expect(404);
    const anew = await sendDirectly(fixture, other);
    expect(anew.id).not.to.equal(second.id);
    await anew.send();
    await anew.finish();
    expect(await kept()).to.have.members([sha256(one), sha256(other)]);
  });

  it('keeps the files apart when the second completes while the first is becoming a document', async () => {
    const [first, second] = [await sendDirectly(fixture, one), await sendDirectly(fixture, other)];
    await first.send();
    let asked = false;
    step = async (name) => {
      if (name !== 'put_together' || asked) return;
      asked = true;
      expect(partsIn((await second.complete().expect(422)).body)).to.deep.equal(['parts.2']);
    };
    await first.finish();
    expect(asked).to.equal(true);
    expect(await kept()).to.deep.equal([sha256(one)]);
  });
});
