import { expect } from 'chai';
import { pdf, samples } from '../support/builders/files.ts';
import { download, openDocumentFixture, type DocumentFixture } from '../support/document-fixture.ts';

describe('documents on their pages', () => {
  let fixture: DocumentFixture;
  before(async () => {
    fixture = await openDocumentFixture();
  });
  after(() => fixture.close());

  const html = { accept: 'text/html' };
  const fragment = { ...html, 'HX-Request-Type': 'partial' };
  const only = async (name: string, bytes: Buffer, category = 'brief', email?: string) => {
    const agent = email ? await fixture.app.signIn(email) : fixture.rita;
    const [document] = await fixture.upload({ [name]: bytes }, { category, agent });
    if (!document) throw new Error('Nothing was stored');
    return document;
  };

  it('a PDF is shown inline in a sandbox and recorded as a view', async () => {
    const bytes = pdf(20_000);
    const { id } = await only('Brief.pdf', bytes);
    const answer = await download(fixture.rita, `/documents/${id}/view`, html).expect(200);
    expect((answer.body as Buffer).equals(bytes)).to.equal(true);
    expect(answer.headers['content-type']).to.equal('application/pdf');
    expect(answer.headers['content-disposition']).to.match(/^inline; filename="Brief\.pdf"/);
    expect(answer.headers['content-security-policy']).to.match(/default-src 'none'.*; sandbox;/);
    expect(answer.headers['x-content-type-options']).to.equal('nosniff');
    expect(answer.headers['cache-control']).to.contain('no-store');
    const last = (await fixture.audit('document.downloaded')).at(-1);
    expect(last?.resource_id).to.equal(id);
    expect(last?.metadata.purpose).to.equal('view');
  });

  it('a file is downloaded instead when browsers cannot show its kind safely', async () => {
    const { id } = await only('note.txt', samples.txt);
    await fixture.rita
      .get(`/documents/${id}/view`)
      .set(html)
      .expect(303)
      .expect('Location', `/documents/${id}`);
  });

  it('a view answers 404 when the document is another organisation’s or a dictation', async () => {
    const { id } = await only('Brief.pdf', pdf(20_000));
    const nadia = await fixture.app.signIn('nadia@northside-claims.example');
    await nadia.get(`/documents/${id}/view`).set(html).expect(404);
    const dictation = await only('Secret.pdf', pdf(20_000), 'dictation', 'sam@examdesk.example');
    await fixture.rita.get(`/documents/${dictation.id}/view`).set(html).expect(404);
    await fixture.rita.get(`/documents/${dictation.id}/receipt`).set(html).expect(404);
  });

  it('an open page learns of documents that are added, scanned or deleted, except dictations', async () => {
    const bookingId = await fixture.newBooking();
    const seenBy = async () => {
      const { text } = await fixture.rita.get(`/bookings/${bookingId}`).set(html).expect(200);
      const of = (id: string) => new RegExp(`id="${id}"[^>]* value="([^"]+)"`).exec(text)?.[1] ?? '';
      return { seen: of('booking-seen'), documents: of('documents-seen') };
    };
    const asked = await seenBy();
    const ask = () => fixture.rita.get(`/bookings/${bookingId}/status`).query(asked).set(fragment);
    await ask().expect(204);
    const sam = await fixture.app.signIn('sam@examdesk.example');
    await fixture.upload({ 'Secret.pdf': pdf(20_000) }, { bookingId, agent: sam, category: 'dictation' });
    await ask().expect(204);
    const [report] = await fixture.upload(
      { 'Report.pdf': pdf(20_000) },
      { bookingId, agent: sam, category: 'report' },
    );
    await ask().expect(204);
    await sam.post(`/documents/${report?.id}/release`).send({}).expect(200);
    const { text } = await ask().expect(200);
    expect(text)
      .to.contain('Report.pdf')
      .and.not.match(/Secret|dictation|booking-tags/i);
    Object.assign(asked, await seenBy());
    await ask().expect(204);
    for (const change of [
      { status: 'checking' as const },
      { damaged_at: new Date() },
      { deleted_at: new Date() },
    ]) {
      await fixture.app.db('documents').where({ id: report?.id }).update(change);
      await ask().expect(200);
      Object.assign(asked, await seenBy());
      await ask().expect(204);
    }
  });

  it('the list is a fragment with the viewer’s categories, and redirects to the page when opened directly', async () => {
    await only('Hidden.pdf', pdf(20_000), 'dictation', 'sam@examdesk.example');
    const path = `/bookings/${fixture.bookingId}/documents`;
    const seen = await fixture.rita.get(path).set(fragment).expect(200);
    expect(seen.text)
      .to.contain('Brief.pdf')
      .and.not.contain('Hidden.pdf')
      .and.not.match(/dictation/i);
    expect(seen.text).to.not.contain('<html');
    const sam = await fixture.app.signIn('sam@examdesk.example');
    expect((await sam.get(path).set(fragment).expect(200)).text).to.contain('Hidden.pdf');
    await fixture.rita
      .get(path)
      .set(html)
      .expect(303)
      .expect('Location', `/bookings/${fixture.bookingId}#documents`);
    const nadia = await fixture.app.signIn('nadia@northside-claims.example');
    await nadia.get(path).set(fragment).expect(404);
  });
});
