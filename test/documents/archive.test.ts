// All documents of a booking as one ZIP file, read by yauzl.
import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { expect } from 'chai';
import yauzl from 'yauzl';
import { uniqueNames } from '../../src/documents/document.archive.ts';
import {
  cookieOf,
  download,
  openDocumentFixture,
  type DocumentFixture,
} from '../support/document-fixture.ts';

async function filesIn(bytes: Buffer): Promise<Record<string, Buffer>> {
  const zip = await yauzl.fromBufferPromise(bytes, { lazyEntries: true });
  const files: Record<string, Buffer> = {};
  const read = async (entry: yauzl.Entry) => {
    files[entry.fileName] = await buffer(await zip.openReadStreamPromise(entry));
    zip.readEntry();
  };
  await new Promise<void>((resolve, reject) => {
    zip.on('error', reject);
    zip.on('end', resolve);
    zip.on('entry', (entry: yauzl.Entry) => void read(entry).catch(reject));
    zip.readEntry();
  });
  return files;
}

const text = (words: string) => Buffer.from(`${words}\n`);

describe('the archive of a booking', () => {
  let fixture: DocumentFixture;
  before(async () => {
    fixture = await openDocumentFixture();
  });
  after(() => fixture.close());

  const archivePath = (bookingId: string) => `/bookings/${bookingId}/documents.zip`;
  const archiveOf = (bookingId: string, agent = fixture.rita) => download(agent, archivePath(bookingId));

  it('has every document that the viewer may open, under a name of its own, and records each download', async () => {
    const bookingId = await fixture.newBooking();
    const large = Buffer.concat([text('Brief'), Buffer.from(randomBytes(3_000_000).toString('hex'))]);
    await fixture.upload({ 'Brief – Nguyễn.txt': large }, { bookingId });
    await fixture.upload({ 'brief – nguyễn.txt': text('Another') }, { bookingId, category: 'other' });
    const staff = await fixture.app.signIn('sam@examdesk.example');
    await fixture.upload(
      { 'dictation.txt': text('Secret') },
      { bookingId, category: 'dictation', agent: staff },
    );
    const before = (await fixture.audit('document.downloaded')).length;
    const { body, headers } = await archiveOf(bookingId).expect(200);
    const bytes = body as Buffer;
    expect(headers['content-type']).to.equal('application/zip');
    expect(headers['content-disposition']).to.match(/^attachment; filename="EX-\w{6} documents.zip"/);
    expect(Number(headers['content-length'])).to.equal(bytes.length);
    const files = await filesIn(bytes);
    expect(Object.keys(files)).to.have.members(['Brief – Nguyễn.txt', 'brief – nguyễn (2).txt']);
    expect(files['Brief – Nguyễn.txt']?.equals(large)).to.equal(true);
    const downloads = (await fixture.audit('document.downloaded')).slice(before);
    expect(downloads.map(({ outcome, metadata }) => [outcome, metadata.purpose])).to.deep.equal([
      ['success', 'archive'],
      ['success', 'archive'],
    ]);
    const ofStaff = await filesIn((await archiveOf(bookingId, staff).expect(200)).body as Buffer);
    expect(Object.keys(ofStaff)).to.include('dictation.txt');
    await fixture.rita.head(archivePath(bookingId)).expect(200);
    expect(await fixture.audit('document.downloaded')).to.have.length(before + 5);
  });

  it('does not exist for another organisation, nor without documents', async () => {
    const nadia = await fixture.app.signIn('nadia@northside-claims.example');
    const bookingId = await fixture.newBooking();
    await archiveOf(bookingId).expect(404);
    await fixture.upload({ 'note.txt': text('Note') }, { bookingId });
    await archiveOf(bookingId, nadia).expect(404);
    await nadia.head(archivePath(bookingId)).expect(404);
  });

  it('names what is withheld in a text of its own', async () => {
    const bookingId = await fixture.newBooking();
    const [, second] = await fixture.upload({ 'a.txt': text('A'), 'b.txt': text('B') }, { bookingId });
    await fixture.app
      .db('documents')
      .where({ id: second?.id ?? '' })
      .update({ damaged_at: new Date() });
    const files = await filesIn((await archiveOf(bookingId).expect(200)).body as Buffer);
    expect(Object.keys(files)).to.have.members(['a.txt', 'NOT INCLUDED.txt']);
    expect(files['NOT INCLUDED.txt']?.toString()).to.contain('b.txt is damaged');
  });

  for (const [what, spoil] of [
    ['has other bytes', (key: string) => fixture.storage.damage(key)],
    ['is gone', (key: string) => fixture.storage.server.files.remove(fixture.storage.bucket, key)],
  ] as const)
    it(`breaks off when a later document ${what}`, async () => {
      const bookingId = await fixture.newBooking();
      const [, second] = await fixture.upload({ 'a.txt': text('A'), 'b.txt': text('Bravo') }, { bookingId });
      const row = await fixture.app
        .db('documents')
        .where({ id: second?.id ?? '' })
        .first('s3_key');
      await spoil(row?.s3_key ?? '');
      // Not by supertest: it reports a body that breaks off twice, and warns of itself.
      const cookie = await cookieOf(fixture, 'rita@harbour-legal.example');
      const answer = await fetch(fixture.app.url + archivePath(bookingId), { headers: { cookie } });
      expect(answer.status).to.equal(200);
      const failed: unknown = await answer.arrayBuffer().catch((error: Error) => error.cause);
      expect(failed).to.have.property('code', 'UND_ERR_SOCKET');
      const downloads = await fixture.audit('document.downloaded');
      expect(downloads.at(-1)).to.include({ resource_id: second?.id, outcome: 'failure' });
    });

  it('gives each file a name that no other has, also where case does not count', () => {
    expect(uniqueNames(['a.pdf', 'A.PDF', 'a.pdf', 'a (2).pdf', 'a', 'Not included.txt'])).to.deep.equal([
      'a.pdf',
      'A (2).PDF',
      'a (3).pdf',
      'a (2) (2).pdf',
      'a',
      'Not included (2).txt',
    ]);
  });
});
