// Documents for people without JavaScript: the list, the plain form, the receipt, and deleting.
import { expect } from 'chai';
import { executable, pdf, samples } from '../support/builders/files.ts';
import { openDocumentFixture, type DocumentFixture } from '../support/document-fixture.ts';
import { markupErrors, createVisitor, type Visit, type Visitor } from '../support/visitor.ts';

const rita = 'rita@harbour-legal.example';

describe('the documents on a booking’s page', () => {
  let fixture: DocumentFixture;
  let visitor: Visitor;
  before(async () => {
    fixture = await openDocumentFixture();
    visitor = createVisitor(fixture.app.url);
    await visitor.signIn(rita);
  });
  after(() => fixture.close());

  const page = () => visitor.get(`/bookings/${fixture.bookingId}`);
  /** Sends the form as a browser does, and follows the redirect. */
  async function submit(files: Record<string, Buffer>, category = 'brief'): Promise<Response> {
    const form = new FormData();
    form.set('category', category);
    for (const [name, bytes] of Object.entries(files))
      form.append('files', new Blob([new Uint8Array(bytes)]), name);
    if (Object.keys(files).length === 0) form.append('files', new Blob([]), '');
    return visitor.raw(`/bookings/${fixture.bookingId}/documents`, { method: 'POST', body: form });
  }
  const linkOf = (visit: Visit, text: string): string => {
    const link = visit.all('a').find((one) => one.textContent.includes(text));
    return link?.getAttributeValue('href') ?? '';
  };

  it('names the accepted kinds and the size limit when the form is shown', async () => {
    const visit = await page();
    expect(visit.text('#documents')).to.match(
      /No documents yet.*PDF, Word, Excel, plain text.*Up to 500 MB each, 20 at once/,
    );
    // It would grey out files whose ending claims nothing.
    expect(visit.attribute('#files', 'accept')).to.equal('');
    expect(visit.texts('#category option')).to.deep.equal(['Choose one', 'Consent form', 'Brief', 'Other']);
    expect(visit.attribute('.document-upload', 'enctype')).to.equal('multipart/form-data');
    expect(await markupErrors(visit)).to.deep.equal([]);
  });

  it('appear with a notice when the form was sent', async () => {
    const answer = await submit({ 'Brief <b>of<i> evidence.pdf': pdf(6_000_000), 'note.txt': samples.txt });
    expect(answer.status).to.equal(303);
    const visit = await visitor.get(answer.headers.get('location') ?? '');
    expect(visit.text('.notice')).to.equal('The documents were stored.');
    expect(visit.texts('.document-name')).to.deep.equal(['Brief _b_of_i_ evidence.pdf', 'note.txt']);
    expect(visit.texts('.document-facts')[0]).to.match(
      /^Brief · PDF · 5.7 MB · .+ [ap]m AE[DS]T · Rita Alvarez$/,
    );
    expect(await markupErrors(visit)).to.deep.equal([]);
  });

  it('stay unchanged when a file is refused, and the page says which one and what to do', async () => {
    const answer = await submit({ 'fine.pdf': pdf(), 'invoice.pdf': executable }, 'other');
    expect(answer.status).to.equal(415);
    const html = await answer.text();
    expect(html).to.contain('Error: Ewan Marsh').and.to.contain('File 2 is not an accepted file type');
    expect(html)
      .to.match(/<option value="other" selected>/)
      .and.to.contain('href="#files"');
    expect(html, 'lists the types once').to.match(/^(?!.*Excel.*Excel).*Excel/s);
    expect(html).not.to.match(/fine\.pdf|invoice\.pdf/);
    expect(await markupErrors({ at: '/bookings', html })).to.deep.equal([]);
  });

  it('ask for a file and a category when either is missing', async () => {
    const noFile = await submit({});
    expect(noFile.status).to.equal(422);
    expect(await noFile.text()).to.contain('Choose at least one file');
    const noCategory = await submit({ 'a.pdf': pdf() }, '');
    expect(noCategory.status).to.equal(422);
    expect(await noCategory.text()).to.contain('href="#category"');
  });

  it('answer 503 with the same page when the store is unreachable', async () => {
    fixture.storage.server.injectFault = () => 'drop';
    const answer = await submit({ 'a.pdf': pdf() });
    fixture.storage.server.injectFault = null;
    expect(answer.status).to.equal(503);
    expect(await answer.text()).to.contain('We can’t reach the file store right now. Nothing was stored.');
  });

  it('have a receipt with the file, its hash and who opened it', async () => {
    const visit = await visitor.get(linkOf(await page(), 'Receipt for note.txt'));
    const [row] = (await fixture.app.db('documents').where({ file_name: 'note.txt' })) as {
      sha256: string;
    }[];
    expect(visit.text('main'))
      .to.contain(row?.sha256 ?? 'no hash')
      .and.to.match(/Received\d+:.+ Rita Alvarez$/);
    expect(await markupErrors(visit)).to.deep.equal([]);
  });

  it('change their category when the uploader corrects it', async () => {
    const before = await page();
    const asks = await visitor.get(linkOf(before, 'change that of note.txt'));
    expect(asks.texts('#category option')).to.deep.equal(['Consent form', 'Brief', 'Other']);
    expect(await markupErrors(asks)).to.deep.equal([]);
    const fields = asks.form(asks.at);
    const done = await visitor.post(asks.at, { ...fields, category: 'other' });
    expect(done.text('.notice')).to.equal('The category was changed.');
    expect(done.texts('.document-facts').at(-1)).to.match(/^Other · /);
    const seen = (visit: Visit) => visit.attribute('#documents-seen', 'value');
    expect(seen(done), 'open pages learn of it').not.to.equal(seen(before));
    const entries = await fixture.audit('record.changed');
    expect(entries.at(-1)?.metadata).to.include({ change: 'category', before: 'brief', after: 'other' });

    const late = await visitor.post(asks.at, { ...fields, category: 'consent_form' });
    expect(late.status).to.equal(409);
    expect(late.text('.error-summary')).to.contain('It was changed to “Other” meanwhile');
    expect(await markupErrors(late)).to.deep.equal([]);
    const report = await visitor.post(asks.at, { ...late.form(asks.at), category: 'report' });
    expect(report.status).to.equal(403);
  });

  it('are counted anew as paperwork when a consent form turns out to be none or is deleted', async () => {
    await submit({ 'signed.pdf': pdf() }, 'consent_form');
    const there = await page();
    expect(there.texts('.papers li')).to.include('Consent form received');
    const views = (await fixture.audit('booking.viewed')).length;
    const asks = await visitor.get(linkOf(there, 'Delete signed.pdf'));
    expect((await fixture.audit('booking.viewed')).length, 'asking does not view the booking').to.equal(
      views,
    );
    expect(asks.text('.notice')).to.contain('The examination needs a consent form. After this it has none');
    const change = await visitor.get(linkOf(there, 'change that of signed.pdf'));
    const changed = await visitor.post(change.at, { ...change.form(change.at), category: 'other' });
    expect(changed.text('.next-sentence')).to.match(/Consent form (due|late)/);
    const late = await visitor.post(asks.at, asks.form(asks.at));
    expect(late.status).to.equal(409);
    expect(late.text('.panel')).to.contain('changed meanwhile');
    expect(late.text('.card')).to.contain('Other · PDF');
    expect(late.has('.notice')).to.equal(false);
    expect(await markupErrors(late)).to.deep.equal([]);
    expect((await visitor.post(asks.at, late.form(asks.at))).text('.notice')).to.contain('was deleted');
  });

  it('are not deleted by a page that did not show yet that the examination would lack them', async () => {
    await submit({ 'first.pdf': pdf(1_001), 'second.pdf': pdf(1_002) }, 'consent_form');
    const there = await page();
    const asks = await visitor.get(linkOf(there, 'Delete second.pdf'));
    expect(asks.has('.notice')).to.equal(false);
    const other = await visitor.get(linkOf(there, 'Delete first.pdf'));
    await visitor.post(other.at, other.form(other.at));
    const late = await visitor.post(asks.at, asks.form(asks.at));
    expect(late.status).to.equal(409);
    expect(late.text('.notice')).to.contain('The examination needs a consent form. After this it has none');
    await visitor.post(asks.at, late.form(asks.at));
  });

  it('are deleted when a page has asked first', async () => {
    const asks = await visitor.get(linkOf(await page(), 'Delete note.txt'));
    expect(asks.text('h1')).to.equal('Delete this document?');
    expect(await markupErrors(asks)).to.deep.equal([]);
    const done = await visitor.post(asks.at, asks.form(asks.at));
    expect(done.text('.notice')).to.equal('The document was deleted.');
    expect(done.texts('.document-name')).to.deep.equal(['Brief _b_of_i_ evidence.pdf']);
    expect((await visitor.get(asks.at)).status).to.equal(404);
  });

  it('fold the earlier ones away when there are many, and keep the last ten in sight', async () => {
    const bookingId = await fixture.newBooking();
    const names = Array.from({ length: 16 }, (_, index) => `note ${index + 1}.txt`);
    await fixture.upload(Object.fromEntries(names.slice(0, 14).map((name) => [name, samples.txt])), {
      bookingId,
    });
    const few = await visitor.get(`/bookings/${bookingId}`);
    expect(few.has('.documents-earlier')).to.equal(false);
    expect(few.texts('.document-name')).to.deep.equal(names.slice(0, 14));
    await fixture.upload(Object.fromEntries(names.slice(14).map((name) => [name, samples.txt])), {
      bookingId,
    });
    const many = await visitor.get(`/bookings/${bookingId}`);
    expect(many.text('.documents-earlier summary')).to.equal('6 earlier documents');
    expect(many.texts('.documents-earlier .document-name')).to.deep.equal(names.slice(0, 6));
    expect(many.texts('.document-name')).to.deep.equal(names);
    expect(await markupErrors(many)).to.deep.equal([]);
  });

  it('offer no deletion to a colleague, and no form when the booking is cancelled', async () => {
    const rob = createVisitor(fixture.app.url);
    await rob.signIn('rob@harbour-legal.example');
    const theirs = await rob.get(`/bookings/${fixture.bookingId}`);
    expect(theirs.text('#documents')).to.contain('evidence.pdf').and.not.to.contain('Delete');
    const cancelled = await fixture.newBooking();
    await fixture.rita.post(`/bookings/${cancelled}/cancel`).send({}).expect(200);
    expect((await visitor.get(`/bookings/${cancelled}`)).has('.document-upload')).to.equal(false);
  });

  it('redirect to the sign-in when nobody is signed in', async () => {
    const answer = await createVisitor(fixture.app.url).raw(`/bookings/${fixture.bookingId}/documents`, {
      method: 'POST',
      body: new FormData(),
    });
    expect([answer.status, answer.headers.get('location')]).to.deep.equal([303, '/sign-in?next=%2F']);
  });
});
