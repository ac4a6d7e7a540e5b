// The SMTP mailer over real SMTP, with and without TLS.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { SMTPServer } from 'smtp-server';
import { createSmtpMailer } from '../../src/adapters/smtp-mailer.ts';

const mail = {
  to: 'rita@harbour-legal.example',
  subject: 'Booked',
  messageId: '<1@examdesk.example>',
  text: 'Booked',
  html: '<p>Booked</p>',
};

describe('the SMTP mailer', () => {
  let server: SMTPServer;
  let taken: { isEncrypted: boolean; said: string[] };

  async function startServer(options: { offersTls: boolean }): Promise<string> {
    taken = { isEncrypted: false, said: [] };
    server = new SMTPServer({
      authOptional: true,
      allowInsecureAuth: true,
      disabledCommands: options.offersTls ? [] : ['STARTTLS'],
      onAuth(auth, _session, done) {
        taken.said.push('password');
        done(null, { user: auth.username });
      },
      onData(stream, session, done) {
        taken.isEncrypted = session.secure;
        taken.said.push('mail');
        stream.resume().on('end', () => done());
      },
    });
    server.listen(0, '127.0.0.1');
    await once(server.server, 'listening');
    return `smtp://user:pass@127.0.0.1:${(server.server.address() as AddressInfo).port}`;
  }
  afterEach(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
      }),
  );

  const send = async (url: string, needsTls: boolean): Promise<unknown> => {
    const mailer = createSmtpMailer(url, 'Examdesk <bookings@examdesk.example>', { needsTls });
    const error: unknown = await mailer.send(mail).then(
      () => null,
      (why: unknown) => why,
    );
    mailer.close();
    return error;
  };

  it('sends neither mail nor password when TLS is required and the server has none', async () => {
    const error = await send(await startServer({ offersTls: false }), true);
    expect(error).to.be.instanceOf(Error).and.to.include({ code: 'ETLS' });
    expect(taken.said).to.deep.equal([]);
  });

  it('verifies without sending the password when TLS is required and the server has none', async () => {
    const url = await startServer({ offersTls: false });
    const mailer = createSmtpMailer(url, 'Examdesk <bookings@examdesk.example>', { needsTls: true });
    const error: unknown = await mailer.verify().catch((why: unknown) => why);
    mailer.close();
    expect(error).to.be.instanceOf(Error).and.to.include({ code: 'ETLS' });
    expect(taken.said).to.deep.equal([]);
  });

  it('sends encrypted when TLS is required and the server has it', async () => {
    // The server's certificate is self-signed.
    const url = `${await startServer({ offersTls: true })}?tls.rejectUnauthorized=false`;
    expect(await send(url, true)).to.equal(null);
    expect(taken).to.deep.equal({ isEncrypted: true, said: ['password', 'mail'] });
  });

  it('sends in clear when TLS is not required and the server has none', async () => {
    expect(await send(await startServer({ offersTls: false }), false)).to.equal(null);
    expect(taken).to.deep.equal({ isEncrypted: false, said: ['password', 'mail'] });
  });
});
