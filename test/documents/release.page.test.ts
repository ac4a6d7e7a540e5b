// The pages on which staff release and recall a report, for people without JavaScript.
import { expect } from 'chai';
import { pdf, samples } from '../support/builders/files.ts';
import { openDocumentFixture, type DocumentFixture } from '../support/document-fixture.ts';
import { markupErrors, createVisitor, type Visitor } from '../support/visitor.ts';

describe('the pages that release a report', () => {
  let fixture: DocumentFixture;
  let visitor: Visitor;
  let nadiaId: string;
  before(async () => {
    fixture = await openDocumentFixture();
    visitor = createVisitor(fixture.app.url);
    await visitor.signIn('sam@examdesk.example');
    const nadia = (await fixture.app
      .db('users')
      .where({ email: 'nadia@northside-claims.example' })
      .first('id')) as { id: string };
    nadiaId = nadia.id;
  });
  after(() => fixture.close());

  const uploaded = async (category = 'report', bookingId = fixture.bookingId): Promise<string> => {
    const sam = await fixture.app.signIn('sam@examdesk.example');
    const bytes: Record<string, Buffer> =
      category === 'report' ? { 'Report.pdf': pdf() } : { 'Note.txt': samples.txt };
    const [document] = await fixture.upload(bytes, { category, agent: sam, bookingId });
    return document?.id ?? '';
  };
  const recipientsOf = async (id: string) =>
    (await fixture.audit('document.released'))
      .filter(({ resource_id }) => resource_id === id)
      .map(({ metadata }) => metadata.recipients);
  const ticked = (visit: Awaited<ReturnType<Visitor['get']>>) =>
    visit
      .all('input[type="checkbox"]')
      .filter((box) => box.hasAttribute('checked'))
      .map((box) => box.getAttributeValue('value') ?? '');

  it('the release page ticks the booker, and tells whoever is ticked when it is sent', async () => {
    const id = await uploaded();
    const asks = await visitor.get(`/documents/${id}/release`);
    expect(asks.text('legend')).to.equal('Who is told by e-mail?');
    expect(asks.text('main')).to.contain('Everybody at Harbour Legal will be able to open the report.');
    expect(asks.texts('.check')).to.deep.equal([
      'Rita Alvarez rita@harbour-legal.example',
      'Rob Petersen rob@harbour-legal.example',
    ]);
    expect(ticked(asks)).to.have.length(1);
    expect(await markupErrors(asks)).to.deep.equal([]);
    const boxes = asks.all('input[type="checkbox"]').map((box) => box.getAttributeValue('value') ?? '');
    const done = await visitor.post(
      asks.at,
      boxes.map((value): [string, string] => ['recipients', value]),
    );
    expect(done.text('.notice')).to.equal('The report was released. The people you chose get an e-mail.');
    expect(await recipientsOf(id)).to.deep.equal([boxes]);
  });

  it('the release page tells nobody when every box is empty', async () => {
    const id = await uploaded();
    const done = await visitor.post(`/documents/${id}/release`, {});
    expect(done.text('.notice')).to.equal('The report was released. No e-mail was sent.');
    expect(await recipientsOf(id)).to.deep.equal([[]]);
  });

  it('the release page keeps what was ticked when somebody can no longer be told', async () => {
    const id = await uploaded();
    const asks = await visitor.get(`/documents/${id}/release`);
    const [rita = ''] = ticked(asks);
    const again = await visitor.post(asks.at, [
      ['recipients', nadiaId],
      ['recipients', rita],
    ]);
    expect(again.status).to.equal(422);
    expect(again.text('.error-summary')).to.contain('Somebody you chose can no longer be told');
    expect(again.attribute('.error-summary a', 'href')).to.equal('#recipients');
    expect(again.title).to.match(/^Error/);
    expect(ticked(again)).to.deep.equal([rita]);
    expect(await markupErrors(again)).to.deep.equal([]);
    expect((await visitor.post(asks.at, { recipients: 'no id' })).status).to.equal(422);
    expect(await recipientsOf(id)).to.deep.equal([]);
  });

  it('the pages say so when the report was released or recalled before', async () => {
    const id = await uploaded();
    await visitor.post(`/documents/${id}/release`, {});
    for (const visit of [
      await visitor.get(`/documents/${id}/release`),
      await visitor.post(`/documents/${id}/release`, {}),
    ])
      expect(visit.text('.notice')).to.equal('The report had been released already. No e-mail was sent.');
    expect(await recipientsOf(id)).to.have.length(1);
    await visitor.post(`/documents/${id}/recall`, {});
    for (const visit of [
      await visitor.get(`/documents/${id}/recall`),
      await visitor.post(`/documents/${id}/recall`, {}),
    ])
      expect(visit.text('.notice')).to.equal('The report is a draft already. The referrer does not see it.');
  });

  it('the recall page names who has opened the report when somebody has', async () => {
    const id = await uploaded();
    await visitor.post(`/documents/${id}/release`, {});
    const before = await visitor.get(`/documents/${id}/recall`);
    expect(before.text('main')).to.contain('The referrer has not opened it since it was released.');
    await visitor.raw(`/documents/${id}`);
    await fixture.rita.get(`/documents/${id}`).expect(200);
    const after = await visitor.get(`/documents/${id}/recall`);
    expect(after.texts('.timeline-what')).to.deep.equal(['Rita Alvarez downloaded it']);
    expect(await markupErrors(before)).to.deep.equal([]);
    expect(await markupErrors(after)).to.deep.equal([]);
    // Openings before a later release are not listed.
    await visitor.post(`/documents/${id}/recall`, {});
    await visitor.post(`/documents/${id}/release`, {});
    expect((await visitor.get(`/documents/${id}/recall`)).all('.timeline-what')).to.have.length(0);
  });

  it('the pages are refused when the document is no report or the reader a referrer', async () => {
    const note = await uploaded('other');
    for (const page of ['release', 'recall']) {
      expect((await visitor.get(`/documents/${note}/${page}`)).status).to.equal(404);
      expect((await visitor.post(`/documents/${note}/${page}`, {})).status).to.equal(404);
    }
    const rita = createVisitor(fixture.app.url);
    await rita.signIn('rita@harbour-legal.example');
    const id = await uploaded();
    for (const page of ['release', 'recall'])
      expect((await rita.get(`/documents/${id}/${page}`)).status).to.equal(403);
  });

  it('the release page says that nobody can be told when the booking waits to be assigned', async () => {
    const bookingId = await fixture.newBooking();
    const id = await uploaded('report', bookingId);
    await fixture.app
      .db('bookings')
      .where({ id: bookingId })
      .update({ source: 'acuity_direct', organization_id: null, created_by_id: null });
    const asks = await visitor.get(`/documents/${id}/release`);
    expect(asks.text('main')).to.contain('This booking has no organisation yet');
    expect(asks.all('input[type="checkbox"]')).to.have.length(0);
    expect(await markupErrors(asks)).to.deep.equal([]);
  });

  it('the booking’s list links a page when that can be done to the report', async () => {
    const bookingId = await fixture.newBooking();
    const id = await uploaded('report', bookingId);
    const links = async () => {
      const visit = await visitor.get(`/bookings/${bookingId}`);
      expect(await markupErrors(visit)).to.deep.equal([]);
      return [
        visit.texts('.document .tag'),
        visit.texts('.document-actions a').map((text) => text.split(' ')[0]),
      ];
    };
    expect(await links()).to.deep.equal([['Draft'], ['View', 'Receipt', 'Release']]);
    await visitor.post(`/documents/${id}/release`, {});
    expect(await links()).to.deep.equal([['Released'], ['View', 'Receipt', 'Recall']]);
    await fixture.app
      .db('documents')
      .where({ id })
      .update({ released_at: null, released_by_id: null, status: 'checking' });
    const [, actions] = await links();
    expect(actions).to.deep.equal(['Receipt']);
  });
});
