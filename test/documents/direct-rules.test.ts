// Direct uploads follow the same rules as the form: names, sessions, and what is hidden from whom.
import { expect } from 'chai';
import type { Agent } from '../support/app.ts';
import { pdf, samples } from '../support/builders/files.ts';
import { beginDirect, sendDirectly } from '../support/direct-upload.ts';
import { nothing, openDocumentFixture, type DocumentFixture } from '../support/document-fixture.ts';
import { withoutIds } from '../support/same-page.ts';

const unknownId = '0192f000-0000-7000-8000-000000000009';
const rita = 'rita@harbour-legal.example';

describe('a direct upload', () => {
  let fixture: DocumentFixture;
  before(async () => {
    fixture = await openDocumentFixture();
  });
  after(() => fixture.close());
  afterEach(async () => {
    await fixture.app.database.owner.raw('truncate documents, direct_uploads, emails');
    const { server, bucket } = fixture.storage;
    for (const key of await fixture.storage.keys()) await server.files.remove(bucket, key);
    for (const { uploadId } of await server.files.uploads(bucket, ''))
      await server.files.closeUpload(bucket, uploadId);
  });

  describe('with a strange name', () => {
    const names: [string, string][] = [
      [`${'n'.repeat(300)}.pdf`, `${'n'.repeat(176)}.pdf`],
      ['../../../etc/passwd.pdf', 'passwd.pdf'],
      ['C:\\temp\\scan.pdf', 'scan.pdf'],
      ['..', 'document.pdf'],
      ['a"quoted".pdf', 'a_quoted_.pdf'],
      ['two\r\nlines.pdf', 'two lines.pdf'],
      ['invoice\u202efdp.pdf', 'invoicefdp.pdf'],
      ['Müller 日本 😀.pdf', 'Müller 日本 😀.pdf'],
      ['no ending', 'no ending.pdf'],
    ];
    for (const [given, kept] of names) {
      it(`keeps a safe name when it is ${JSON.stringify(given.slice(0, 40))}`, async () => {
        const upload = await sendDirectly(fixture, samples.pdf, { fileName: given });
        await upload.send();
        const document = await upload.finish();
        expect(document.fileName).to.equal(kept);
        const file = await fixture.rita.get(document.url).expect(200);
        expect(file.headers['content-disposition']).to.match(
          /^attachment; filename="[\x20-\x7e]*"; filename\*=UTF-8''/,
        );
      });
    }

    it('is refused when the name contains NUL, or its real extension does not match the content', async () => {
      for (const fileName of ['nul\u0000.pdf', 'half \ud800.pdf'])
        await beginDirect(fixture, { fileName }).expect(400);
      await beginDirect(fixture, { fileName: 'n'.repeat(1_001) }).expect(422);
      await beginDirect(fixture, { fileName: 'harmless\u202efdp.exe' }).expect(415);
      const upload = await sendDirectly(fixture, samples.pdf, { fileName: 'harmless\u202efdp.docx' });
      await upload.send();
      await upload.complete().expect(415);
      expect(await fixture.traces()).to.deep.equal(nothing);
    });
  });

  it('accepts a mail as brief when its content is a mail, and refuses other content', async () => {
    await beginDirect(fixture, { fileName: 'letter.eml', category: 'consent_form' }).expect(415);
    const upload = await sendDirectly(fixture, samples.eml, { fileName: 'letter.eml' });
    await upload.send();
    expect((await upload.finish()).mimeType).to.equal('message/rfc822');
    const other = await sendDirectly(fixture, samples.pdf, { fileName: 'letter.eml' });
    await other.send();
    await other.complete().expect(415);
  });

  it('stays open when the session ends, and is completed in the next session', async () => {
    const agent = await fixture.app.signIn(rita);
    const bytes = pdf(20_000);
    const upload = await sendDirectly(fixture, bytes, {}, agent);
    await upload.send();
    await agent.post('/api/auth/sign-out').send({}).expect(200);
    await upload.complete().expect(401);
    expect((await fixture.traces()).rows).to.equal(0);
    const back = await fixture.app.signIn(rita);
    expect((await sendDirectly(fixture, bytes, {}, back)).id).to.equal(upload.id);
    await upload.complete(upload.claims, back).expect(201);
    expect(await fixture.traces()).to.deep.include({ rows: 1, openUploads: [] });
  });

  it('is not completed when another person signs in at the same browser', async () => {
    const upload = await sendDirectly(fixture, pdf(20_000));
    await upload.send();
    await upload.complete(upload.claims, await fixture.app.signIn('rob@harbour-legal.example')).expect(404);
    expect((await fixture.traces()).rows).to.equal(0);
  });
});

describe('dictations for a referrer', () => {
  let fixture: DocumentFixture;
  let sam: Agent;
  before(async () => {
    fixture = await openDocumentFixture();
    sam = await fixture.app.signIn('sam@examdesk.example');
  });
  after(() => fixture.close());

  /** The answer without its request id. */
  async function told(asking: ReturnType<Agent['get']>) {
    const { status, headers, body, text } = await asking;
    const { requestId, ...rest } = body as Record<string, unknown>;
    const shown = typeof requestId === 'string' ? rest : withoutIds(text ?? '');
    return { status, type: headers['content-type'], names: Object.keys(headers).toSorted(), shown };
  }

  it('answer like unknown documents at every address and in every format', async () => {
    const [dictation] = await fixture.upload({ 'a.pdf': pdf(20_000) }, { agent: sam, category: 'dictation' });
    const id = dictation?.id ?? '';
    const { rita: agent } = fixture;
    const asked: [string, (of: string) => ReturnType<Agent['get']>][] = [
      ['download', (of) => agent.get(`/documents/${of}`)],
      ['download of a part', (of) => agent.get(`/documents/${of}`).set('Range', 'bytes=0-9')],
      ['download beyond the end', (of) => agent.get(`/documents/${of}`).set('Range', 'bytes=90000000-')],
      ['download if changed', (of) => agent.get(`/documents/${of}`).set('If-None-Match', '*')],
      ['head', (of) => agent.head(`/documents/${of}`)],
      ['delete', (of) => agent.delete(`/documents/${of}`)],
      ...['', '/view', '/receipt', '/delete'].map(
        (page): [string, (of: string) => ReturnType<Agent['get']>] => [
          `page ${page}`,
          (of) => agent.get(`/documents/${of}${page}`).set('Accept', 'text/html'),
        ],
      ),
      [
        'page that deletes',
        (of) => agent.post(`/documents/${of}/delete`).set('Accept', 'text/html').type('form').send({}),
      ],
    ];
    // A session's first page sets a cookie, whatever it is about.
    await agent.get('/bookings').set('Accept', 'text/html').expect(200);
    for (const [what, ask] of asked) {
      const dictationIs = await told(ask(id));
      expect(dictationIs.status, what).to.equal(404);
      expect(dictationIs, what).to.deep.equal(await told(ask(unknownId)));
    }
    await sam.get(`/documents/${id}`).expect(200);
  });

  it('cannot be started, continued or ended as direct uploads, and answer like an unknown category or upload', async () => {
    const [of, unknown] = await Promise.all(
      ['dictation', 'nonsense'].map((category) => told(beginDirect(fixture, { category }))),
    );
    expect(of?.status).to.equal(422);
    expect(of).to.deep.equal(unknown);
    expect(JSON.stringify(of)).not.to.contain('dictation');

    const theirs = await sendDirectly(fixture, pdf(20_000), { category: 'dictation' }, sam);
    const path = (id: string) => `/bookings/${fixture.bookingId}/documents/uploads/${id}`;
    const parts = { parts: theirs.claims };
    const asked: ((id: string) => ReturnType<Agent['get']>)[] = [
      (id) => fixture.rita.post(`${path(id)}/parts`).send(parts),
      (id) => fixture.rita.post(`${path(id)}/complete`).send(parts),
      (id) => fixture.rita.delete(path(id)),
    ];
    for (const ask of asked) {
      const answer = await told(ask(theirs.id));
      expect(answer.status).to.equal(404);
      expect(answer).to.deep.equal(await told(ask(unknownId)));
    }
    await theirs.send();
    await theirs.finish();
    const seen = await fixture.rita.get(`/bookings/${fixture.bookingId}`).expect(200);
    expect((seen.body as { documents: object[] }).documents).to.deep.equal([]);
  });
});
