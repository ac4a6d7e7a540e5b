import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import nodemailer from 'nodemailer';
import { type Mailbox, startMailbox } from '../../src/dev/mailbox.ts';
import { openMailbox, waitForMail } from '../support/mailbox.ts';

const hostile = {
  from: 'Examdesk <bookings@examdesk.example>',
  to: 'rita@harbour-legal.example',
  subject: '<script>alert("subject")</script>',
  text: 'In words & <b>signs</b>',
  html: '<p>In HTML</p><script>parent.document.title = "owned"</script>',
  attachments: [{ filename: 'examination.ics', content: 'BEGIN:VCALENDAR', contentType: 'text/calendar' }],
};

describe('the demo mailbox', () => {
  let mailbox: Mailbox;
  const send = (to: Mailbox, message: object = hostile) =>
    nodemailer.createTransport(to.smtpUrl).sendMail(message);

  beforeEach(async () => {
    mailbox = await openMailbox();
  });
  afterEach(() => mailbox.close());

  it('accepts a mail by SMTP with its text, its HTML and its attachment', async () => {
    await send(mailbox);
    const mail = await waitForMail(mailbox, ({ to }) => to.includes('rita@harbour-legal.example'));
    expect(mail.subject).to.equal(hostile.subject);
    expect(mail.text.trim()).to.equal(hostile.text);
    expect(mail.html).to.contain('<p>In HTML</p>');
    expect(mail.attachments.map(({ fileName, content }) => [fileName, content.toString()])).to.deep.equal([
      ['examination.ics', 'BEGIN:VCALENDAR'],
    ]);
  });

  it('shows a mail escaped, and its HTML in a sandboxed frame', async () => {
    await send(mailbox);
    const { id } = await waitForMail(mailbox);
    const list = await (await fetch(mailbox.url)).text();
    expect(list).to.contain(`/mails/${id}`).and.to.contain('&lt;script&gt;').and.not.to.contain('<script>');
    const page = await (await fetch(`${mailbox.url}/mails/${id}`)).text();
    expect(page).to.match(/<iframe [^>]*sandbox="allow-popups allow-popups-to-escape-sandbox"/);
    expect(page).to.contain('In words &amp; &lt;b&gt;signs&lt;/b&gt;').and.not.to.contain('<script>');
    const frame = await fetch(`${mailbox.url}/mails/${id}/html`);
    expect(frame.headers.get('content-security-policy')).to.match(
      /^sandbox allow-popups.*default-src 'none'/,
    );
    expect(await frame.text()).to.match(/^<!doctype html>/);
    const attachment = await fetch(`${mailbox.url}/mails/${id}/attachments/0`);
    expect(attachment.headers.get('content-disposition')).to.contain('attachment; filename*=');
    expect(await attachment.text()).to.equal('BEGIN:VCALENDAR');
  });

  it('answers the same as JSON when asked for it', async () => {
    await send(mailbox);
    const answer = await fetch(mailbox.url, { headers: { accept: 'application/json' } });
    const { mails } = (await answer.json()) as { mails: { subject: string; attachments: object[] }[] };
    expect(mails.map(({ subject }) => subject)).to.deep.equal([hostile.subject]);
    expect(mails[0]?.attachments).to.deep.equal([
      { fileName: 'examination.ics', contentType: 'text/calendar' },
    ]);
  });

  it('refuses a foreign host name and a clear request from another site', async () => {
    await send(mailbox);
    const { hostname, port } = new URL(mailbox.url);
    const rebound = await new Promise<string>((resolve, reject) => {
      const socket = net.connect(Number(port), hostname, () =>
        socket.end('GET / HTTP/1.1\r\nHost: mail.attacker.example\r\nConnection: close\r\n\r\n'),
      );
      let said = '';
      socket.on('data', (chunk: Buffer) => (said += chunk.toString()));
      socket.once('end', () => resolve(said)).once('error', reject);
    });
    expect(rebound)
      .to.match(/^HTTP\/1\.1 403/)
      .and.not.to.contain('harbour-legal');
    const clearing = await fetch(`${mailbox.url}/clear`, {
      method: 'POST',
      headers: { 'sec-fetch-site': 'cross-site' },
    });
    expect(clearing.status).to.equal(403);
    expect(mailbox.mails()).to.have.length(1);
  });

  it('keeps its mails in a folder over a restart until they are cleared', async () => {
    const directory = await mkdtemp(path.join(os.tmpdir(), 'examdesk-mailbox-'));
    const start = () => startMailbox({ smtpPort: 0, httpPort: 0, directory });
    try {
      const first = await start();
      await send(first, { ...hostile, bcc: 'rob@harbour-legal.example' });
      const before = first.mails();
      await first.close();
      const second = await start();
      const withoutBytes = (mails: typeof before) =>
        mails.map(({ attachments, ...mail }) => [mail, attachments.length]);
      expect(withoutBytes(second.mails())).to.deep.equal(withoutBytes(before));
      expect(second.mails()[0]?.to).to.deep.equal([
        'rita@harbour-legal.example',
        'rob@harbour-legal.example',
      ]);
      await second.clear();
      await second.close();
      const third = await start();
      expect(third.mails()).to.deep.equal([]);
      await third.close();
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });

  it('names the port when it is taken', async () => {
    const taken = Number(new URL(mailbox.url).port);
    const error: unknown = await startMailbox({ smtpPort: 0, httpPort: taken }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).to.include({ code: 'EADDRINUSE', port: taken });
  });
});
