// Files in the bucket whose rows are missing in a restored database.
import { expect } from 'chai';
import { openDocumentFixture, type DocumentFixture } from '../support/document-fixture.ts';

const pdf = Buffer.from('%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n');

describe('a file whose row was lost with a restore', () => {
  let fixture: DocumentFixture;
  const care = () => fixture.app.system.services.documentCare;

  beforeEach(async () => {
    fixture = await openDocumentFixture({ overrides: { documents: { timings: { abandonedMs: -60_000 } } } });
  });
  afterEach(() => fixture.close());

  async function storedKeyOf(id: string): Promise<string> {
    const row = (await fixture.app.db('documents').where({ id }).first('s3_key')) as { s3_key: string };
    return row.s3_key;
  }

  for (const wasRestored of [true, false])
    it(`is ${wasRestored ? 'moved to strays/' : 'removed'} by the sweep when it has a pending object and the database was ${wasRestored ? '' : 'not '}restored since`, async () => {
      const [document] = await fixture.upload({ 'brief.pdf': pdf });
      const key = await storedKeyOf(document?.id ?? '');
      const name = key.slice('documents/'.length);
      const found = await fixture.storage.server.files.find(fixture.storage.bucket, key);
      if (!found) throw new Error('The object is gone');
      const files = await fixture.storage.server.files.link(found.files);
      await fixture.storage.server.files.put(fixture.storage.bucket, `pending/${name}`, { ...found, files });
      await fixture.app.database.owner.raw('truncate documents cascade');
      if (wasRestored)
        await fixture.app.db('restores').insert({
          id: '0190aaaa-0000-7000-8000-00000000000a',
          data_until: new Date(),
          started_at: fixture.app.db.raw(`now() + interval '5 seconds'`),
        });
      await care().sweep();
      expect(await fixture.storage.keys()).to.deep.equal(wasRestored ? [`strays/${name}`] : []);
    });

  it('takeInventory lists files without rows and documents without bytes, and changes neither', async () => {
    const uploaded = await fixture.upload({ 'one.pdf': pdf, 'two.pdf': pdf, 'three.pdf': pdf });
    const [lost, cut] = uploaded.map(({ id }) => id) as [string, string];
    const key = await storedKeyOf(lost);
    await fixture.app.db('documents').where({ id: lost }).delete();
    await fixture.storage.shorten(await storedKeyOf(cut), 10);
    const before = await fixture.storage.keys();
    const inventory = await care().takeInventory();
    expect(inventory?.unknown.map((object) => object.key)).to.deep.equal([key]);
    expect(inventory?.missing).to.deep.equal([{ documentId: cut, bookingId: fixture.bookingId }]);
    expect(await fixture.storage.keys()).to.deep.equal(before);
  });
});
