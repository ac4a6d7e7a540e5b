import type { Transporter } from 'nodemailer';
import { lazy } from '../lib/lazy.ts';
import type { Mailer, MailServer } from '../ports/mailer.ts';

/**
 * Sends over any SMTP server (`smtp://user:pass@host:587`, `smtps://…`), to one recipient a message, never a list.
 * @param options.needsTls sends neither mail nor password before the connection is encrypted
 */
export function createSmtpMailer(
  url: string,
  from: string,
  { needsTls = false }: { needsTls?: boolean } = {},
): Mailer & MailServer & { close(): void } {
  let transport: Transporter | null = null;
  const connected = lazy(async () => {
    // Loaded by processes that send: nodemailer takes 5 MB, and a web process may leave mails to workers.
    const { createTransport } = await import('nodemailer');
    transport = createTransport({
      url,
      ...(needsTls && { requireTLS: true }),
      connectionTimeout: 10_000,
      greetingTimeout: 10_000,
      socketTimeout: 30_000,
    });
    return transport;
  });
  return {
    async send(mail) {
      await (await connected()).sendMail({
        from,
        // An object: nodemailer would parse a string as a list of addresses.
        to: { name: '', address: singleAddress(mail.to) },
        subject: oneLine(mail.subject),
        messageId: mail.messageId,
        text: mail.text,
        html: mail.html,
        // Not `icalEvent`, which adds the file twice: as an alternative of the text and as an attachment.
        attachments: mail.calendars?.map(({ fileName, content, method }) => ({
          filename: fileName,
          content,
          contentType: `text/calendar; charset=utf-8; method=${method}`,
        })),
        headers: {
          'Auto-Submitted': 'auto-generated',
          'X-Auto-Response-Suppress': 'All',
          ...(mail.stopUrl && {
            'List-Unsubscribe': `<${mail.stopUrl}>`,
            'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
          }),
        },
        disableFileAccess: true,
        disableUrlAccess: true,
      });
    },
    async verify() {
      await (await connected()).verify();
    },
    close: () => transport?.close(),
  };
}

/** @throws Error when the text could be anything but one address */
function singleAddress(address: string): string {
  if (!/^[^\s,;<>"()\p{Cc}]+@[^\s,;<>"()@\p{Cc}]+$/u.test(address)) {
    throw new Error('The recipient is not one e-mail address');
  }
  return address;
}

function oneLine(header: string): string {
  return header.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();
}
