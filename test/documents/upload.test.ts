import { expect } from 'chai';
import { compose } from '../../src/compose.ts';
import { ConfigError } from '../../src/config.ts';
import { samples, pdf, executable, zipBomb } from '../support/builders/files.ts';
import {
  boundary,
  closing,
  download,
  field,
  fileHead,
  openDocumentFixture,
  sha256,
  type DocumentFixture,
  type UploadedDocument,
} from '../support/document-fixture.ts';
import type { Agent } from '../support/app.ts';

const unknownId = '0192f000-0000-7000-8000-000000000009';

describe('an upload', () => {
  let fixture: DocumentFixture;
  let sam: Agent;
  before(async () => {
    fixture = await openDocumentFixture({ env: { UPLOAD_MAX_BYTES: String(20 * 1024 * 1024) } });
    sam = await fixture.app.signIn('sam@examdesk.example');
  });
  after(() => fixture.close());

  it('stores small and large files of one category and returns what was received', async () => {
    const large = pdf(12_345_678);
    const documents = await fixture.upload({ 'Brief of evidence.pdf': large, 'note.txt': samples.txt });
    expect(documents).to.have.length(2);
    const [first] = documents;
    expect(first).to.deep.include({
      fileName: 'Brief of evidence.pdf',
      mimeType: 'application/pdf',
      sizeBytes: large.length,
      sha256: sha256(large),
      category: 'brief',
      status: 'not_scanned',
      uploadedFor: null,
      url: `/documents/${first?.id}`,
    });
    expect(first?.uploadedBy.name).to.equal('Rita Alvarez');
    const seen = await fixture.rita.get(`/bookings/${fixture.bookingId}`).expect(200);
    const listed = (seen.body as { documents: UploadedDocument[] }).documents;
    expect(listed).to.deep.equal(documents);
  });

  it('stores every byte of large files that arrive at the same time', async () => {
    // Several parts each; line ends now and then, where the boundary of the form might begin.
    const sent = [13_000_001, 17_654_321].map((bytes) => {
      const content = pdf(bytes);
      for (let at = 60_000; at < bytes - 1_000; at += 65_521) content.write('\r\n--', at);
      return content;
    });
    const stored = await Promise.all(sent.map((content) => fixture.upload({ 'scan.pdf': content })));
    for (const [at, [document]] of stored.entries()) {
      expect(document?.sha256).to.equal(sha256(sent[at] ?? Buffer.alloc(0)));
      const answer = await download(fixture.rita, document?.url ?? '');
      expect(sha256(answer.body as Buffer)).to.equal(document?.sha256);
    }
  });

  it('keeps one encrypted object for each row, under a random name', async () => {
    const rows = (await fixture.app.db('documents').select('*')) as { s3_key: string; file_name: string }[];
    const keys = await fixture.storage.keys();
    expect(keys).to.have.members(rows.map((row) => row.s3_key));
    for (const key of keys) expect(key).to.match(/^documents\/[\w-]{32}$/);
    const { server, bucket } = fixture.storage;
    for (const key of keys) {
      const stored = await server.files.find(bucket, key);
      expect(stored?.sse).to.equal('AES256');
      expect(JSON.stringify(stored)).not.to.match(/brief|note|Marsh/i);
    }
    expect(await fixture.storage.openUploads()).to.deep.equal([]);
  });

  it('records the person for each row', async () => {
    const rows = await fixture.audit('document.uploaded');
    const ids = await fixture.app.db('documents').pluck('id');
    expect(rows.map((row) => row.resource_id)).to.have.members(ids);
    expect(rows[0]?.metadata).to.include({ bookingId: fixture.bookingId, category: 'brief' });
    expect(JSON.stringify(rows)).not.to.match(/evidence|note\.txt/);
  });

  it('accepts every kind', async () => {
    for (const [kind, bytes] of Object.entries(samples)) {
      const [stored] = await fixture.upload({ [`a file.${kind === 'dicom' ? 'dcm' : kind}`]: bytes });
      expect(stored?.sha256, kind).to.equal(sha256(bytes));
    }
  });

  it('accepts mails as brief and other only, and never shows them inline', async () => {
    const mails = { 'letter.msg': samples.msg, 'letter.eml': samples.eml };
    for (const category of ['brief', 'other']) {
      const stored = await fixture.upload(mails, { category });
      expect(stored.map(({ mimeType }) => mimeType)).to.deep.equal([
        'application/vnd.ms-outlook',
        'message/rfc822',
      ]);
      for (const { id, url } of stored) {
        const file = await fixture.rita.get(url).expect(200);
        expect(file.headers['content-disposition']).to.match(/^attachment;/);
        const view = await fixture.rita.get(`/documents/${id}/view`).set('Accept', 'text/html').expect(303);
        expect(view.headers.location).to.equal(url);
      }
    }
    for (const category of ['consent_form', 'report', 'dictation']) {
      for (const [name, bytes] of Object.entries(mails)) {
        const refused = await fixture.send({ [name]: bytes }, { category, agent: sam });
        expect(refused.status, `${name} as ${category}`).to.equal(415);
        expect((refused.body as { detail: string }).detail).to.match(
          /; e-mails \(MSG, EML\) in the categories Brief and Other/,
        );
      }
    }
  });

  it('stores two documents when the same file is sent twice at once', async () => {
    const both = await Promise.all([1, 2].map(() => fixture.upload({ 'same.pdf': pdf(6_000_000) })));
    const [a, b] = both.flat();
    expect(a?.id).not.to.equal(b?.id);
    expect(a?.sha256).to.equal(b?.sha256);
  });

  it('belongs to the referrer and names the admin when the admin acts as the referrer', async () => {
    const [rita, ada] = await Promise.all(
      ['rita@harbour-legal.example', 'ada@examdesk.example'].map((email) =>
        fixture.app.db('users').where({ email }).first<{ id: string; name: string }>('id', 'name'),
      ),
    );
    const acting = await fixture.app.signIn('ada@examdesk.example');
    const reason = 'Sends the brief for Rita, who is on the phone';
    await acting.post('/admin/impersonate').send({ userId: rita?.id, reason }).expect(200);
    const [stored] = await fixture.upload({ 'a.pdf': pdf() }, { agent: acting });
    expect(stored?.uploadedBy).to.deep.equal(rita);
    expect(stored?.uploadedFor).to.deep.equal(ada);
    const row = (await fixture.app.db('audit_log').where({ resource_id: stored?.id }).first()) as Record<
      string,
      unknown
    >;
    expect(row).to.include({ actor_id: ada?.id, acting_as_id: rita?.id });
  });

  describe('with rights', () => {
    it('is allowed for staff in every category, and for referrers in three', async () => {
      for (const category of ['consent_form', 'brief', 'other']) {
        await fixture.send({ 'a.pdf': pdf() }, { category }).expect(201);
      }
      const refused = await fixture.send({ 'a.pdf': pdf() }, { category: 'report' });
      expect(refused.status).to.equal(403);
      for (const category of ['report', 'dictation', 'brief']) {
        await fixture.send({ 'a.pdf': pdf() }, { category, agent: sam }).expect(201);
      }
    });

    it('answers a referrer the same for dictation as for an unknown category', async () => {
      const of = async (category: string) => {
        const { status, body } = await fixture.send({ 'a.pdf': pdf() }, { category });
        const { code, detail, errors } = body as Record<string, unknown>;
        return { status, code, detail, errors };
      };
      const dictation = await of('dictation');
      expect(dictation.status).to.equal(422);
      expect(dictation).to.deep.equal(await of('nonsense'));
      expect(JSON.stringify(dictation)).not.to.contain('dictation');
    });

    it('answers 404 and stores nothing when the booking is another organisation’s', async () => {
      const before = await fixture.traces();
      const nadia = await fixture.app.signIn('nadia@northside-claims.example');
      const theirs = await fixture.send({ 'a.pdf': pdf(6_000_000) }, { agent: nadia });
      const none = await fixture.send({ 'a.pdf': pdf(6_000_000) }, { agent: nadia, bookingId: unknownId });
      expect([theirs.status, none.status]).to.deep.equal([404, 404]);
      expect((theirs.body as { detail: string }).detail).to.equal((none.body as { detail: string }).detail);
      expect(await fixture.traces()).to.deep.equal(before);
    });

    it('is refused without a session, or from a foreign page', async () => {
      const before = await fixture.traces();
      const anonymous = await fixture.send({ 'a.pdf': pdf() }, { agent: fixture.app.anonymous() });
      expect(anonymous.status).to.equal(401);
      const foreign = await fixture.send({ 'a.pdf': pdf() }).set('Origin', 'https://elsewhere.example');
      expect(foreign.status).to.equal(403);
      expect(await fixture.traces()).to.deep.equal(before);
    });
  });

  describe('that is refused', () => {
    let clean: Awaited<ReturnType<DocumentFixture['traces']>>;
    before(async () => {
      clean = await fixture.traces();
    });
    afterEach(async () => {
      expect(await fixture.traces()).to.deep.equal(clean);
    });

    async function expectRefused(
      sending: PromiseLike<{ status: number; body: unknown }>,
      status: number,
      code: string,
      says: RegExp,
    ): Promise<void> {
      const answer = await sending;
      const body = answer.body as {
        code: string;
        detail: string;
        errors?: { path: string; message: string }[];
      };
      expect({ status: answer.status, code: body.code }).to.deep.equal({ status, code });
      expect(body.detail + JSON.stringify(body.errors ?? [])).to.match(says);
      expect(JSON.stringify(body)).not.to.contain('Marsh');
    }

    it('answers 415 when a program is named PDF', async () => {
      await expectRefused(
        fixture.send({ 'Marsh.pdf': executable }),
        415,
        'unsupported_type',
        /File 1 is not an accepted file type: use PDF/,
      );
    });

    it('answers 415 when a ZIP bomb is named DOCX', async () => {
      await expectRefused(
        fixture.send({ 'Marsh.docx': zipBomb() }),
        415,
        'unsupported_type',
        /unpacks to far more/,
      );
    });

    it('answers 415 when the name has another kind’s extension', async () => {
      await expectRefused(
        fixture.send({ 'Marsh.jpg': samples.png }),
        415,
        'unsupported_type',
        /does not match the ending of its name/,
      );
    });

    it('answers 422 when a file is empty', async () => {
      await expectRefused(fixture.send({ 'Marsh.txt': Buffer.alloc(0) }), 422, 'invalid', /File 1 is empty/);
    });

    it('answers 413 when a file is one byte too large, and accepts the largest size', async () => {
      const most = 20 * 1024 * 1024;
      await expectRefused(
        fixture.send({ 'Marsh.pdf': pdf(most + 1) }),
        413,
        'too_large',
        /larger than 20 MB/,
      );
      const [stored] = await fixture.upload({ 'a.pdf': pdf(most) });
      expect(stored?.sizeBytes).to.equal(most);
      clean = await fixture.traces();
    });

    it('stores none of the files when one of them is bad, at any position', async () => {
      const good = pdf(6_000_000);
      for (const position of [0, 1, 2]) {
        const files = [good, good, good].map((bytes, index): [string, Buffer] => [
          `Marsh ${index}.pdf`,
          index === position ? samples.docx : bytes,
        ]);
        await expectRefused(
          fixture.send(Object.fromEntries(files)),
          415,
          'unsupported_type',
          new RegExp(`File ${position + 1} `),
        );
      }
    });

    it('answers 422 when there are 21 files or none', async () => {
      const many = Object.fromEntries(Array.from({ length: 21 }, (_, n) => [`Marsh ${n}.txt`, samples.txt]));
      await expectRefused(fixture.send(many), 422, 'invalid', /20 files or fewer/);
      await expectRefused(fixture.send({}), 422, 'invalid', /Choose at least one file/);
      const twenty = await fixture.upload(Object.fromEntries(Object.entries(many).slice(0, 20)));
      expect(twenty).to.have.length(20);
      clean = await fixture.traces();
    });

    const post = () => fixture.rita.post(`/bookings/${fixture.bookingId}/documents`);
    it('answers 422 when the category is missing, empty, unknown, repeated, or after the files', async () => {
      const file = () => samples.pdf;
      await expectRefused(
        post().attach('files', file(), 'Marsh.pdf'),
        422,
        'invalid',
        /category before the files/,
      );
      await expectRefused(
        fixture.send({ 'Marsh.pdf': file() }, { category: '' }),
        422,
        'invalid',
        /"path":"category"/,
      );
      await expectRefused(
        fixture.send({ 'Marsh.pdf': file() }, { category: 'x' }),
        422,
        'invalid',
        /Choose one of/,
      );
      await expectRefused(
        post().field('category', 'brief').field('category', 'other').attach('files', file(), 'Marsh.pdf'),
        422,
        'invalid',
        /one category, once/,
      );
      await expectRefused(
        post().field('category', 'brief').attach('files', file(), 'Marsh.pdf').field('category', 'other'),
        422,
        'invalid',
        /one category, once/,
      );
      await expectRefused(
        post().attach('files', file(), 'Marsh.pdf').field('category', 'brief'),
        422,
        'invalid',
        /before the files/,
      );
    });

    it('answers 422 when files are in another field, or there are unknown fields', async () => {
      await expectRefused(
        post().field('category', 'brief').attach('upload', samples.pdf, 'Marsh.pdf'),
        422,
        'invalid',
        /in the field “files”/,
      );
      const many = post().field('category', 'brief');
      for (let n = 0; n < 30; n += 1) void many.field(`x${n}`, 'y');
      await expectRefused(many.attach('files', samples.pdf, 'Marsh.pdf'), 422, 'invalid', /nothing else/);
    });

    it('answers with an error when the body is not what its content type says', async () => {
      const send = (type: string, body: Buffer) => post().set('Content-Type', type).send(body);
      const whole = Buffer.concat([field('category', 'brief'), fileHead('Marsh.pdf'), samples.pdf, closing]);
      const multipart = `multipart/form-data; boundary=${boundary}`;
      await expectRefused(send(multipart, whole.subarray(0, -20)), 400, 'bad_request', /multipart/);
      await expectRefused(send('multipart/form-data', whole), 400, 'bad_request', /multipart/);
      await expectRefused(send(multipart, Buffer.from('nonsense')), 400, 'bad_request', /multipart/);
      await expectRefused(send('application/pdf', samples.pdf), 415, 'unsupported_type', /./);
      await expectRefused(
        post().send({ category: 'brief' }),
        415,
        'unsupported_type',
        /multipart\/form-data/,
      );
    });

    it('answers 409 when the booking is cancelled', async () => {
      const cancelled = await fixture.newBooking();
      await fixture.rita.post(`/bookings/${cancelled}/cancel`).send({}).expect(200);
      await expectRefused(
        fixture.send({ 'Marsh.pdf': pdf(6_000_000) }, { bookingId: cancelled }),
        409,
        'already_cancelled',
        /cancelled/,
      );
    });

    it('records the refusal without any name', async () => {
      await fixture.send({ 'Marsh.pdf': executable }).expect(415);
      const last = (await fixture.audit('document.refused')).at(-1);
      expect(last).to.deep.include({ resource_id: fixture.bookingId, outcome: 'failure' });
      expect(last?.metadata).to.deep.equal({ reason: 'unsupported_type', files: 1 });
    });
  });

  describe('with a strange name', () => {
    const names: [string, string][] = [
      [`${'n'.repeat(300)}.pdf`, `${'n'.repeat(176)}.pdf`],
      ['../../../etc/passwd.pdf', 'passwd.pdf'],
      ['C:\\temp\\scan.pdf', 'scan.pdf'],
      ['..', 'document.pdf'],
      ['a%22quoted%22.pdf', 'a_quoted_.pdf'],
      ['two%0D%0Alines.pdf', 'two lines.pdf'],
      ['invoice\u202efdp.pdf', 'invoicefdp.pdf'],
      ['Müller 日本 😀.pdf', 'Müller 日本 😀.pdf'],
      ['no ending', 'no ending.pdf'],
    ];
    for (const [given, kept] of names) {
      it(`keeps a safe name when it is ${JSON.stringify(given.slice(0, 40))}`, async () => {
        const body = Buffer.concat([field('category', 'other'), fileHead(given), samples.pdf, closing]);
        const answer = await fixture.rita
          .post(`/bookings/${fixture.bookingId}/documents`)
          .set('Content-Type', `multipart/form-data; boundary=${boundary}`)
          .send(body);
        expect(answer.status).to.equal(201);
        const [stored] = (answer.body as { documents: UploadedDocument[] }).documents;
        expect(stored?.fileName).to.equal(kept);
        const file = await fixture.rita.get(stored?.url ?? '').expect(200);
        expect(file.headers['content-disposition']).to.match(
          /^attachment; filename="[\x20-\x7e]*"; filename\*=UTF-8''/,
        );
      });
    }

    it('is refused when the real extension does not match the content', async () => {
      await fixture.send({ 'harmless\u202efdp.exe': samples.pdf }).expect(415);
      await fixture.send({ 'page.pdf.html': samples.pdf }).expect(415);
    });
  });

  it('accepts only the configured kinds, and the app does not start with unknown ones', async () => {
    const narrow = await openDocumentFixture({ env: { UPLOAD_TYPES: 'pdf, txt' } });
    await narrow.send({ 'a.pdf': pdf(), 'b.txt': samples.txt }).expect(201);
    const refused = await narrow.send({ 'a.png': samples.png }).expect(415);
    expect((refused.body as { detail: string }).detail).to.contain('use PDF, plain text');
    const { config } = narrow.app.system.services;
    expect(() => compose({ ...config, UPLOAD_TYPES: 'pdf,exe' })).to.throw(
      ConfigError,
      /UPLOAD_TYPES: name some of pdf/,
    );
    await narrow.close();
  });

  it('appears in the log with route, status and ids only', () => {
    const log = fixture.app.logLines.join('');
    expect(log).to.contain('/bookings/:id/documents');
    expect(log).not.to.match(/Marsh|evidence|\.pdf|\.docx|pending\//);
  });
});
