// A store that keeps no SHA-256 of parts, like SeaweedFS: reading the whole object replaces what ListParts cannot tell.
import { expect } from 'chai';
import { pdf } from '../support/builders/files.ts';
import { sendDirectly } from '../support/direct-upload.ts';
import { openDocumentFixture, sha256, type DocumentFixture } from '../support/document-fixture.ts';

const partBytes = 5 * 1024 * 1024;
const large = pdf(2 * partBytes + 1_000);

describe('a direct upload to a store that keeps no hashes of parts', () => {
  let fixture: DocumentFixture;
  before(async () => {
    fixture = await openDocumentFixture({ storage: { omitsPartHashes: true } });
  });
  after(() => fixture.close());
  afterEach(async () => {
    await fixture.app.database.owner.raw('truncate documents, direct_uploads, emails');
    const { server, bucket } = fixture.storage;
    for (const key of await fixture.storage.keys()) await server.files.remove(bucket, key);
    for (const { uploadId } of await server.files.uploads(bucket, ''))
      await server.files.closeUpload(bucket, uploadId);
  });

  it('becomes a document when all parts are sent', async () => {
    const upload = await sendDirectly(fixture, large);
    expect(await upload.send()).to.deep.equal([1, 2, 3]);
    expect((await upload.finish()).sha256).to.equal(sha256(large));
  });

  it('sends every part again when it continues after a broken connection', async () => {
    await (await sendDirectly(fixture, large)).send(1, 2);
    const again = await sendDirectly(fixture, large);
    expect(again.status).to.equal(200);
    expect(await again.send()).to.deep.equal([1, 2, 3]);
    expect((await again.finish()).sha256).to.equal(sha256(large));
  });

  it('names the part when it is missing or has another length', async () => {
    const upload = await sendDirectly(fixture, large);
    await upload.send(1, 3);
    const refused = await upload.complete().expect(422);
    expect((refused.body as { errors: { path: string }[] }).errors[0]?.path).to.equal('parts.2');
  });

  it('is refused and leaves nothing when a part is not the claimed one', async () => {
    const other = Buffer.from(large);
    other[partBytes + 5] = (other[partBytes + 5] ?? 0) ^ 1;
    await (await sendDirectly(fixture, other)).send();
    const upload = await sendDirectly(fixture, large);
    const refused = await upload.complete().expect(415);
    expect((refused.body as { because: string }).because).to.equal('altered');
    expect(await fixture.traces()).to.deep.equal({ rows: 0, keys: [], openUploads: [] });
  });
});
