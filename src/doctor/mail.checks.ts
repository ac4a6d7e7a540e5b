import { parseSender } from '../lib/mail-sender.ts';
import type { MailServer } from '../ports/mailer.ts';
import { codeOf, ok, wrong, type Check, type Line } from './check.ts';

export interface MailCheckDeps {
  mailServer: MailServer;
  /** MAIL_FROM */
  sender: string;
  isProduction: boolean;
}

export function mailChecks({ mailServer, sender, isProduction }: MailCheckDeps): Check[] {
  return [
    { id: 'smtp', title: 'Mail server', run: () => checkServer(mailServer) },
    { id: 'sender', title: 'Sender of mails', run: async () => [senderLine(sender, isProduction)] },
  ];
}

async function checkServer(mailServer: MailServer): Promise<Line[]> {
  try {
    await mailServer.verify();
    return [ok('The mail server accepts our login', 'Nothing was sent.')];
  } catch (error) {
    return [mailFailureLine(error)];
  }
}

export function mailFailureLine(error: unknown): Line {
  const { responseCode } = error as { responseCode?: unknown };
  const code = codeOf(error) + (typeof responseCode === 'number' ? ` ${responseCode}` : '');
  const costs = 'Nobody gets a confirmation or an invitation; mails are tried for three days.';
  if (code.startsWith('EAUTH'))
    return wrong(
      `The mail server refuses our login: ${code}`,
      costs,
      'Check the user and the password in SMTP_URL: characters such as @ : / # % must be written in percent encoding there',
    );
  if (code.startsWith('ETLS'))
    return wrong(
      `The mail server offers no encryption: ${code}`,
      costs,
      'Use a server with STARTTLS, or smtps:// with port 465; for a server on a private network add ?ignoreTLS=true to SMTP_URL',
    );
  return wrong(
    `The mail server cannot be reached: ${code}`,
    costs,
    'Check host and port in SMTP_URL (587 with smtp://, 465 with smtps://), and whether a firewall lets this machine out',
  );
}

/** Reserved names, which nobody can own (RFC 2606). */
const reserved = /(^|\.)(example|invalid|test|localhost|example\.(com|net|org))$/;

export function senderLine(sender: string, isProduction: boolean): Line {
  const { address } = parseSender(sender);
  const domain = /^[^\s@<>,;]+@([^\s@<>,;]+)$/.exec(address)?.[1]?.toLowerCase();
  const mend =
    'Set MAIL_FROM to an address that the mail server may send from: Your Agency <bookings@your-domain>';
  if (domain === undefined)
    return wrong('MAIL_FROM is not an e-mail address', 'The mail server refuses every mail.', mend);
  if (isProduction && reserved.test(domain))
    return wrong(
      `Mails come from ${address}, which is an example`,
      'Mail servers refuse such mails, or take them for spam.',
      mend,
    );
  return ok(`Mails come from ${address}`);
}
