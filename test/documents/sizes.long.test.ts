// The real limit with real bytes: 500 MB are stored and downloaded, 501 MB are refused. Short tests use a smaller
// limit.
import { createHash } from 'node:crypto';
import { expect } from 'chai';
import {
  closing,
  cookieOf,
  field,
  fileHead,
  openDocumentFixture,
  rawUpload,
  type DocumentFixture,
} from '../support/document-fixture.ts';

const megabyte = 1024 * 1024;
const rita = 'rita@harbour-legal.example';

describe('the largest documents', () => {
  let fixture: DocumentFixture;
  before(async () => {
    fixture = await openDocumentFixture({ env: { S3_TIMEOUT_MS: '30000' } });
  });
  after(() => fixture.close());

  const head = Buffer.from('%PDF-1.7\n');
  const block = Buffer.alloc(megabyte, 'examdesk ');

  async function send(
    bytes: number,
  ): Promise<{ status: number; sha256: string; body: { documents?: { url: string }[] } }> {
    const digest = createHash('sha256').update(head);
    const upload = await rawUpload(
      fixture,
      `/bookings/${fixture.bookingId}/documents`,
      await cookieOf(fixture, rita),
    );
    await upload.write(Buffer.concat([field('category', 'brief'), fileHead('a.pdf'), head]));
    for (let at = head.length; at < bytes; at += block.length) {
      const piece = block.subarray(0, bytes - at);
      digest.update(piece);
      await upload.write(piece);
    }
    await upload.write(closing);
    upload.end();
    const { status, body } = await upload.answer;
    return { status, sha256: digest.digest('hex'), body };
  }

  it('a document of 500 MB is stored and downloaded unchanged', async () => {
    const sent = await send(500 * megabyte);
    expect(sent.status).to.equal(201);
    const res = await fetch(fixture.app.url + (sent.body.documents?.[0]?.url ?? ''), {
      headers: { cookie: await cookieOf(fixture, rita) },
    });
    const digest = createHash('sha256');
    for await (const piece of res.body ?? []) digest.update(piece as Uint8Array);
    expect(digest.digest('hex')).to.equal(sent.sha256);
  });

  it('a document of 501 MB is refused and leaves nothing', async () => {
    const before = await fixture.traces();
    const sent = await send(501 * megabyte);
    expect(sent.status).to.equal(413);
    expect(await fixture.traces()).to.deep.equal(before);
  });
});
