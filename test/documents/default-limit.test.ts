// The default limit of 500 MB, to the byte. sizes.long.test.ts tests it with HTTP and a store.
import { PassThrough, Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect } from 'chai';
import { createInspection } from '../../src/documents/content/inspection.ts';
import { beginDirect } from '../support/direct-upload.ts';
import { openDocumentFixture, type DocumentFixture } from '../support/document-fixture.ts';

const most = 500 * 1024 * 1024;

describe('the default size limit', () => {
  let fixture: DocumentFixture;
  before(async () => {
    fixture = await openDocumentFixture();
  });
  after(() => fixture.close());

  const head = Buffer.from('%PDF-1.7\n');
  const block = Buffer.alloc(1024 * 1024, 'examdesk ');
  function* pdfOf(bytes: number) {
    yield head;
    for (let at = head.length; at < bytes; at += block.length) yield block.subarray(0, bytes - at);
  }
  const discard = (): Writable => new PassThrough().resume();
  const look = async (bytes: number) => {
    const { maxBytes, kinds } = fixture.app.system.services.documents.limits;
    const inspection = createInspection({ maxBytes, accepted: kinds, extension: 'pdf' });
    await pipeline(Readable.from(pdfOf(bytes)), inspection.stream, discard());
    return inspection.digest().sizeBytes;
  };

  it('createInspection accepts 500 MB and refuses one byte more', async () => {
    expect(await look(most)).to.equal(most);
    const fault = await look(most + 1).catch((error: { fault?: string }) => error.fault);
    expect(fault).to.equal('too_large');
  });

  it('a direct upload accepts 500 MB and refuses one byte more', async () => {
    await beginDirect(fixture, { sizeBytes: most }).expect(201);
    const refused = await beginDirect(fixture, { sizeBytes: most + 1 }).expect(413);
    expect((refused.body as { detail: string }).detail).to.contain('larger than 500 MB');
  });
});
