// Kills the process while it releases a report: the report is then either released or a draft, and a repeated request
// releases it once.
import { expect } from 'chai';
import type { Agent } from '../support/app.ts';
import { pdf } from '../support/builders/files.ts';
import { cookieOf, openDocumentFixture, type DocumentFixture } from '../support/document-fixture.ts';
import { startProcess } from '../support/processes/document-process.ts';

// A transaction that stops keeps its locks, so it comes last.
const steps = ['release_committed', 'release_written'] as const;

describe('a process that is killed while it releases a report', function () {
  this.timeout(60_000);
  let fixture: DocumentFixture;
  let sam: Agent;
  const reports = new Map<string, string>();
  const answers = new Map<string, number | 'no answer'>();
  before(async () => {
    // The store always answers, however late on a busy machine.
    fixture = await openDocumentFixture({ env: { S3_TIMEOUT_MS: '30000' } });
    const cookie = await cookieOf(fixture, 'sam@examdesk.example');
    sam = await fixture.app.signIn('sam@examdesk.example');
    const web = await startProcess(fixture);
    const release = (id: string) =>
      fetch(`${web.url}/documents/${id}/release`, {
        method: 'POST',
        headers: { cookie, origin: web.url, accept: 'application/json', 'content-type': 'application/json' },
        body: '{}',
      }).then(
        ({ status }) => status,
        () => 'no answer' as const,
      );
    const sending: { step: string; sent: ReturnType<typeof release> }[] = [];
    for (const step of steps) {
      const bookingId = await fixture.newBooking();
      const [report] = await fixture.upload(
        { 'Report.pdf': pdf() },
        { category: 'report', agent: sam, bookingId },
      );
      const id = report?.id ?? '';
      reports.set(step, id);
      sending.push({ step, ...(await web.stopAt(step, () => release(id))) });
    }
    expect(await web.kill()).to.equal('SIGKILL');
    for (const { step, sent } of sending) answers.set(step, await sent);
  });
  after(() => fixture.close());

  for (const step of steps) {
    const isKept = step === 'release_committed';
    it(`leaves the report ${isKept ? 'released' : 'a draft'} when it dies at ${step}, and the next request releases it once`, async () => {
      expect(answers.get(step)).to.equal('no answer');
      const id = reports.get(step);
      const path = `/documents/${id}/release`;
      const releases = async () =>
        (await fixture.audit('document.released')).filter(({ resource_id }) => resource_id === id);
      expect(await releases()).to.have.length(isKept ? 1 : 0);
      const mails = async () =>
        (await fixture.app.db('emails').where({ kind: 'report_ready', document_id: id })).length;
      expect(await mails()).to.equal(isKept ? 1 : 0);
      await fixture.rita.get(`/documents/${id}`).expect(isKept ? 200 : 404);
      await sam.post(path).send({}).expect(200);
      expect(await releases()).to.have.length(1);
      expect(await mails()).to.equal(1);
      await fixture.rita.get(`/documents/${id}`).expect(200);
    });
  }
});
