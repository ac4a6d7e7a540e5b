// E-mails about released reports and about documents that staff add: each person gets one, with a link only, and none
// that is no longer true when it is sent.
import { expect } from 'chai';
import type { ContactRole } from '../../src/bookings/index.ts';
import { createSmtpMailer } from '../../src/adapters/smtp-mailer.ts';
import { systemIds } from '../../src/adapters/system-ids.ts';
import type { Mailbox } from '../../src/dev/mailbox.ts';
import { pdf, samples } from '../support/builders/files.ts';
import { sendDirectly } from '../support/direct-upload.ts';
import {
  openDocumentFixture,
  type DocumentFixture,
  type UploadedDocument,
} from '../support/document-fixture.ts';
import { changeForm, formAddress } from '../support/console-form.ts';
import { openMailbox } from '../support/mailbox.ts';
import type { Agent } from '../support/app.ts';
import { aSender } from '../support/mail-parts.ts';

const emails = {
  rita: 'rita@harbour-legal.example',
  rob: 'rob@harbour-legal.example',
  nadia: 'nadia@northside-claims.example',
  sam: 'sam@examdesk.example',
  ada: 'ada@examdesk.example',
} as const;
type Name = keyof typeof emails;

describe('the mails about documents', function () {
  this.timeout(60_000);
  let fixture: DocumentFixture;
  let mailbox: Mailbox;
  let sam: Agent;
  let rita: Agent;
  let bookingId: string;
  const ids = {} as Record<Name, string>;
  const closing: (() => void)[] = [];

  before(async () => {
    // Each upload falls into its own time span; test/email/audience.test.ts tests the spans.
    fixture = await openDocumentFixture({ overrides: { emails: { gatherMs: 1 } } });
    for (const name of Object.keys(emails) as Name[]) {
      const row = (await fixture.app.db('users').where({ email: emails[name] }).first('id')) as {
        id: string;
      };
      ids[name] = row.id;
    }
    sam = await fixture.app.signIn(emails.sam);
    rita = await fixture.app.signIn(emails.rita);
  });
  after(() => fixture.close());
  beforeEach(async () => {
    mailbox = await openMailbox();
    await fixture.app.db('emails').delete();
    bookingId = await fixture.newBooking(rita);
    await fixture.app.db('emails').delete();
  });
  afterEach(async () => {
    for (const close of closing.splice(0)) close();
    await mailbox.close();
  });

  const db = () => fixture.app.db;
  const add = (category: string, files: Record<string, Buffer>, agent = sam): Promise<UploadedDocument[]> =>
    fixture.upload(files, { category, agent, bookingId });
  const aReport = async (): Promise<string> => {
    const [report] = await add('report', { 'Report on Ewan Marsh.pdf': pdf() });
    return report?.id ?? '';
  };
  const release = (id: string, body: object = {}) => sam.post(`/documents/${id}/release`).send(body);
  const recall = (id: string) => sam.post(`/documents/${id}/recall`).send({});
  /** `rita queued` of each message of a kind. */
  const due = async (kind: string): Promise<string[]> => {
    const rows = (await db()('emails').where({ kind }).orderBy(['created_at', 'recipient'])) as {
      recipient: string;
      status: string;
    }[];
    return rows.map(({ recipient, status }) => `${recipient.split('@')[0]} ${status}`);
  };
  /** Sends all queued e-mails at once. */
  async function deliver(): Promise<void> {
    const mailer = createSmtpMailer(mailbox.smtpUrl, 'Examdesk <bookings@examdesk.example>');
    closing.push(() => mailer.close());
    const sender = aSender({
      db: db(),
      mailer,
      jobs: fixture.app.system.services.jobs,
    });
    for (const id of await db()('emails').where({ status: 'queued' }).pluck('id')) await sender.send(id);
  }
  const arrived = () => mailbox.mails().map(({ to, subject }) => `${to.join()}: ${subject.split(':')[0]}`);
  async function addContact(name: Name, role: ContactRole): Promise<void> {
    await db()('booking_contacts').insert({
      id: systemIds.uuid(),
      booking_id: bookingId,
      user_id: ids[name],
      role,
      created_by_id: ids.rita,
    });
  }

  describe('of a report', () => {
    it('report_ready holds a link and nothing of examinee or file when it goes to those chosen', async () => {
      const id = await aReport();
      expect(await due('report_ready')).to.deep.equal([]);
      await release(id, { recipients: [ids.rob] }).expect(200);
      expect(await due('report_ready')).to.deep.equal(['rob queued']);
      await deliver();
      const [mail] = mailbox.mails();
      expect(mail?.to).to.deep.equal([emails.rob]);
      const said = [mail?.subject, mail?.text, mail?.html].join('\n');
      expect(said)
        .to.contain(`https://fixture.example/bookings/${bookingId}`)
        .and.not.match(/Ewan|Marsh|\.pdf/)
        .and.not.contain(id);
      expect(mail?.attachments).to.deep.equal([]);
    });

    it('report_ready goes to the booker and the contacts when nobody is named', async () => {
      await addContact('rob', 'report_recipient');
      await addContact('nadia', 'report_recipient');
      const id = await aReport();
      const page = await sam.get(`/documents/${id}/release`).set('Accept', 'text/html').expect(200);
      expect(page.text.match(/ checked/g)).to.have.length(2);
      await release(id).expect(200);
      expect(await due('report_ready')).to.deep.equal(['rita queued', 'rob queued']);
    });

    it('report_ready goes to nobody when nobody is chosen', async () => {
      await release(await aReport(), { recipients: [] }).expect(200);
      expect(await due('report_ready')).to.deep.equal([]);
    });

    it('report_ready is written once for each person when a report is released several times', async () => {
      const id = await aReport();
      await Promise.all([release(id), release(id), release(id)]);
      await release(id, { recipients: [ids.rob] }).expect(200);
      expect(await due('report_ready')).to.deep.equal(['rita queued']);
    });

    it('report_ready is written anew when a report is released after a recall', async () => {
      const id = await aReport();
      await release(id).expect(200);
      await deliver();
      await recall(id).expect(200);
      await release(id).expect(200);
      await deliver();
      expect(await due('report_ready')).to.deep.equal(['rita sent', 'rita sent']);
      expect(arrived()).to.deep.equal([`${emails.rita}: Report ready`, `${emails.rita}: Report ready`]);
    });

    it('report_ready is withheld when the report is recalled, deleted or found infected first', async () => {
      const ada = await fixture.app.signIn(emails.ada);
      const [recalled, deleted, infected] = [await aReport(), await aReport(), await aReport()];
      for (const id of [recalled, deleted, infected]) await release(id).expect(200);
      await recall(recalled).expect(200);
      await ada.delete(`/documents/${deleted}`).expect(204);
      await db()('documents').where({ id: infected }).update({ status: 'infected', scanned_at: new Date() });
      await deliver();
      expect(await due('report_ready')).to.deep.equal(['rita withheld', 'rita withheld', 'rita withheld']);
      expect(arrived()).to.deep.equal([]);
    });

    it('report_ready is sent once when the report was recalled and released again first', async () => {
      const id = await aReport();
      await release(id).expect(200);
      await recall(id).expect(200);
      await release(id).expect(200);
      await deliver();
      expect(await due('report_ready')).to.deep.equal(['rita withheld', 'rita sent']);
      expect(arrived()).to.have.length(1);
    });

    it('report_ready leaves out a person when they switched it off or were deactivated since', async () => {
      const off = { user_id: ids.rob, kind: 'report_ready', delivery: 'off' as const };
      await db()('mail_preferences').insert(off);
      const id = await aReport();
      await release(id, { recipients: [ids.rita, ids.rob] }).expect(200);
      await db()('mail_preferences').where(off).delete();
      expect(await due('report_ready')).to.deep.equal(['rita queued']);
      await db()('users').where({ id: ids.rita }).update({ banned: true });
      await deliver();
      await db()('users').where({ id: ids.rita }).update({ banned: false });
      rita = await fixture.app.signIn(emails.rita);
      expect(await due('report_ready')).to.deep.equal(['rita withheld']);
    });

    it('report_ready is withheld when the booking goes to another organisation first', async () => {
      const id = await aReport();
      await release(id).expect(200);
      const { organization_id: northside } = (await db()('members')
        .where({ user_id: ids.nadia })
        .first('organization_id')) as { organization_id: string };
      await db()('bookings')
        .where({ id: bookingId })
        .update({ organization_id: northside, created_by_id: ids.nadia });
      await deliver();
      expect(await due('report_ready')).to.deep.equal(['rita withheld']);
    });

    it('release is undone when its message cannot be written', async () => {
      const id = await aReport();
      await fixture.app.database.owner.raw(`
        create function no_email() returns trigger language plpgsql as
          $$ begin raise exception 'The disk is full'; end $$;
        create trigger no_email before insert on emails for each row execute function no_email()`);
      try {
        await release(id).expect(500);
      } finally {
        await fixture.app.database.owner.raw('drop function no_email cascade');
      }
      await rita.get(`/documents/${id}`).expect(404);
      await release(id).expect(200);
      expect(await due('report_ready')).to.deep.equal(['rita queued']);
    });
  });

  describe('of what staff add', () => {
    it('document_added is one message for booker and solicitor when staff upload several files', async () => {
      await addContact('rob', 'solicitor');
      await add('brief', { 'Ewan Marsh.txt': samples.txt, 'b.txt': samples.txt, 'c.txt': samples.txt });
      expect(await due('document_added')).to.deep.equal(['rita queued', 'rob queued']);
      await deliver();
      const [mail] = mailbox.mails();
      expect([mail?.subject, mail?.text, mail?.html].join('\n'))
        .to.contain(`https://fixture.example/bookings/${bookingId}`)
        .and.not.match(/Ewan|Marsh|\.txt/);
      expect(arrived().toSorted()).to.deep.equal([
        `${emails.rita}: Document added`,
        `${emails.rob}: Document added`,
      ]);
    });

    it('document_added leaves out a contact when they only receive the report', async () => {
      await addContact('rob', 'report_recipient');
      await add('other', { 'a.txt': samples.txt });
      expect(await due('document_added')).to.deep.equal(['rita queued']);
    });

    it('document_added is not written when staff add a dictation or a draft report', async () => {
      await add('dictation', { 'a.mp3': samples.mp3 });
      await aReport();
      expect(await due('document_added')).to.deep.equal([]);
    });

    it('document_added is not written when a referrer adds it', async () => {
      const rob = await fixture.app.signIn(emails.rob);
      for (const agent of [rita, rob]) await add('brief', { 'a.txt': samples.txt }, agent);
      expect(await due('document_added')).to.deep.equal([]);
    });

    it('document_added names the admin when an admin acting as a referrer adds it', async () => {
      await addContact('rob', 'solicitor');
      const acting = await fixture.app.signIn(emails.ada);
      await acting.post('/admin/impersonate').send({ userId: ids.rita, reason: 'On the phone' }).expect(200);
      await add('brief', { 'a.txt': samples.txt }, acting);
      expect(await due('document_added')).to.deep.equal(['rita queued', 'rob queued']);
      await deliver();
      const textTo = (address: string) => mailbox.mails().find(({ to }) => to.includes(address))?.text;
      expect(textTo(emails.rita)).to.contain('Ada Lindqvist of the agency added a document for you.');
      expect(textTo(emails.rob)).to.contain('Ada Lindqvist of the agency added a document for Rita Alvarez.');
    });

    it('document_added is not written when the upload is refused', async () => {
      await fixture
        .send({ 'a.txt': samples.txt, 'b.pdf': samples.txt }, { category: 'brief', agent: sam, bookingId })
        .expect(415);
      expect(await due('document_added')).to.deep.equal([]);
    });

    it('document_added is one message when a large file is completed more than once', async () => {
      const upload = await sendDirectly(
        { rita, bookingId },
        Buffer.from('A large brief.\n'),
        { fileName: 'large.txt' },
        sam,
      );
      await upload.send();
      await Promise.all([upload.complete(), upload.complete()]);
      await upload.complete().expect(201);
      expect(await due('document_added')).to.deep.equal(['rita queued']);
    });

    it('document_added is withheld when nothing of what was added is left', async () => {
      const ada = await fixture.app.signIn(emails.ada);
      const [first, second] = await add('brief', { 'a.txt': samples.txt, 'b.txt': samples.txt });
      await ada.delete(first?.url ?? '').expect(204);
      await deliver();
      expect(await due('document_added')).to.deep.equal(['rita sent']);
      const [third] = await add('brief', { 'c.txt': samples.txt });
      await db()('documents').where({ id: third?.id }).update({ status: 'infected', scanned_at: new Date() });
      // Neither an older document nor the recipient's own is announced.
      await add('brief', { 'mine.txt': samples.txt }, rita);
      await deliver();
      expect(await due('document_added')).to.deep.equal(['rita sent', 'rita withheld']);
      expect(second).not.to.equal(undefined);
    });

    it('document_added goes out when a category change shows the document, while it is shown', async () => {
      const [dictation] = await add('dictation', { 'Dictation.pdf': pdf() });
      const [draft] = await add('report', { 'Draft.pdf': pdf() });
      const change = (id: string | undefined, category: string) =>
        changeForm(sam, formAddress('documents', id ?? ''), { category });
      expect(await due('document_added')).to.deep.equal([]);
      await change(dictation?.id, 'brief');
      await change(draft?.id, 'other');
      await change(draft?.id, 'report');
      expect(await due('document_added')).to.deep.equal(['rita queued', 'rita queued']);
      await deliver();
      expect(arrived()).to.deep.equal([`${emails.rita}: Document added`]);
    });
  });
});
