// Kills the process while it releases a report: the report is then either released or a draft, and a repeated request
// releases it once.
import { expect } from 'chai';
import { pdf } from '../support/builders/files.ts';
import { cookieOf, openDocumentFixture, type DocumentFixture } from '../support/document-fixture.ts';
import { startProcess } from '../support/processes/document-process.ts';

describe('a process that is killed while it releases a report', function () {
  this.timeout(60_000);
  let fixture: DocumentFixture;
  let cookie: string;
  before(async () => {
    // The store always answers, however late on a busy machine.
    fixture = await openDocumentFixture({ env: { S3_TIMEOUT_MS: '30000' } });
    cookie = await cookieOf(fixture, 'sam@examdesk.example');
  });
  after(() => fixture.close());

  for (const step of ['release_written', 'release_committed'] as const) {
    const isKept = step === 'release_committed';
    it(`leaves the report ${isKept ? 'released' : 'a draft'} when it dies at ${step}, and the next request releases it once`, async () => {
      const sam = await fixture.app.signIn('sam@examdesk.example');
      const [report] = await fixture.upload({ 'Report.pdf': pdf() }, { category: 'report', agent: sam });
      const path = `/documents/${report?.id}/release`;
      const web = await startProcess(fixture, { killAt: step });
      const answer = await fetch(web.url + path, {
        method: 'POST',
        headers: { cookie, origin: web.url, accept: 'application/json', 'content-type': 'application/json' },
        body: '{}',
      }).then(
        ({ status }) => status,
        () => 'no answer' as const,
      );
      expect([answer, await web.ended]).to.deep.equal(['no answer', 'SIGKILL']);

      const releases = async () =>
        (await fixture.audit('document.released')).filter(({ resource_id }) => resource_id === report?.id);
      expect(await releases()).to.have.length(isKept ? 1 : 0);
      const mails = async () =>
        (await fixture.app.db('emails').where({ kind: 'report_ready', document_id: report?.id })).length;
      expect(await mails()).to.equal(isKept ? 1 : 0);
      await fixture.rita.get(`/documents/${report?.id}`).expect(isKept ? 200 : 404);
      await sam.post(path).send({}).expect(200);
      expect(await releases()).to.have.length(1);
      expect(await mails()).to.equal(1);
      await fixture.rita.get(`/documents/${report?.id}`).expect(200);
    });
  }
});
