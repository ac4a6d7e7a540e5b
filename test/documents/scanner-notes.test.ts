// The app says whether uploads are scanned: in the first log lines, in /readyz and on the receipt.
import { createServer } from 'node:net';
import { expect } from 'chai';
import { noteScanner } from '../../src/app/start-notes.ts';
import { samples } from '../support/builders/files.ts';
import { openDocumentFixture, type DocumentFixture } from '../support/document-fixture.ts';
import { listen } from '../support/listen.ts';

describe('the notes about the virus scan', () => {
  let fixture: DocumentFixture;
  afterEach(() => fixture.close());

  const noted = async () => {
    await noteScanner(fixture.app.system.services);
    return fixture.app.logLines.map((line) => JSON.parse(line) as { level: number; msg: string }).at(-1);
  };
  const ready = async () => {
    const { status, body } = await fixture.app.anonymous().get('/readyz');
    return [status, (body as { details: { scanner: string } }).details.scanner];
  };
  const receipt = async () => {
    const [stored] = await fixture.upload({ 'note.txt': samples.txt });
    const page = await fixture.rita
      .get(`/documents/${stored?.id}/receipt`)
      .set('Accept', 'text/html')
      .expect(200);
    return page.text;
  };
  /** A server that answers PING as clamd does. */
  const answering = async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end('PONG\0'));
    });
    const port = await listen(server);
    return { server, url: `tcp://127.0.0.1:${port}` };
  };

  it('say so when the scan is switched off', async () => {
    fixture = await openDocumentFixture();
    expect(await noted()).to.include({
      level: 40,
      msg: 'Uploads are not scanned for viruses: CLAMD_URL is unset',
    });
    expect(await ready()).to.deep.equal([200, 'not_configured']);
    expect(await receipt()).to.contain('Not scanned: the virus scan is switched off here');
  });

  it('say so when the scan is on', async () => {
    const { server, url } = await answering();
    fixture = await openDocumentFixture({ env: { CLAMD_URL: url } });
    expect(await noted()).to.include({ level: 30, msg: 'Uploads are scanned for viruses' });
    expect(await ready()).to.deep.equal([200, 'ok']);
    const page = await receipt();
    expect(page).to.contain('Not finished yet').and.not.to.contain('Not scanned');
    await fixture.app.db('documents').update({ status: 'clean', scanned_at: new Date() });
    const { text } = await fixture.rita
      .get(`/documents/${(await fixture.app.db('documents').pluck('id'))[0]}/receipt`)
      .set('Accept', 'text/html');
    expect(text).to.contain('No virus was found');
    server.close();
  });

  it('report `degraded` and keep the instance ready when clamd is unreachable', async () => {
    const { server, url } = await answering();
    await new Promise((resolve) => {
      server.close(resolve);
    });
    fixture = await openDocumentFixture({ env: { CLAMD_URL: url } });
    expect(await noted()).to.include({
      level: 50,
      msg: 'The virus scanner does not answer: documents wait until it does',
    });
    expect(await ready()).to.deep.equal([200, 'degraded']);
  });
});
