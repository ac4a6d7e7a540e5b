// The mailbox in the browser: a list, a mail, its parts. All content of mails is untrusted.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { mailKinds, type MailKindName } from '../mail-kinds/index.ts';

export interface ReceivedMail {
  id: string;
  receivedAt: Date;
  /** The Message-ID with its angle brackets; '' without one. */
  messageId: string;
  /** As in the header: 'Examdesk <bookings@examdesk.example>'. */
  from: string;
  /** The envelope's recipients: bare addresses. */
  to: string[];
  subject: string;
  /** What a mail program's “unsubscribe” sends its POST to (RFC 8058); null when the mail offers none. */
  stopUrl: string | null;
  text: string;
  html: string | null;
  attachments: { fileName: string; contentType: string; content: Buffer }[];
}

export interface MailSample extends ReceivedMail {
  kind: MailKindName;
}

export interface MailboxContents {
  mails(): ReceivedMail[];
  /** One e-mail of every kind; absent: there is no such page. */
  samples?: (() => Promise<MailSample[]>) | undefined;
  clear(): Promise<void>;
}

const styles = `
  body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1.5rem; color: #1a1a1a }
  table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .5rem; border-bottom: 1px solid #ccc }
  iframe { width: 100%; height: 34rem; border: 1px solid #767676 } pre { white-space: pre-wrap; overflow-wrap: anywhere }
  dt { font-weight: 600 } dd { margin: 0 0 .5rem } a { color: #0b4f8a } button { font: inherit; padding: .25rem 1rem }`;

const pagePolicy =
  "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; form-action 'self'; base-uri 'none'";
// Links in a mail open outside the frame; nothing in the frame runs scripts or loads from other hosts.
const mailSandbox = 'allow-popups allow-popups-to-escape-sandbox';
const mailPolicy = `sandbox ${mailSandbox}; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'self'`;

/** Answers one request with a page, or with JSON when `Accept: application/json` asks for it. */
export async function answerMailboxRequest(
  req: IncomingMessage,
  res: ServerResponse,
  mailbox: MailboxContents,
): Promise<void> {
  res.setHeader('X-Content-Type-Options', 'nosniff');
  res.setHeader('Referrer-Policy', 'no-referrer');
  res.setHeader('Cache-Control', 'no-store');
  // Another host name that resolves to this machine is another site trying to read mails (DNS rebinding).
  if (!/^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(req.headers.host ?? ''))
    return send(res, 403, 'text/plain', '');
  const { pathname } = new URL(req.url ?? '/', 'http://mailbox');
  if (req.method === 'POST' && pathname === '/clear') return clear(req, res, mailbox);
  if (req.method !== 'GET' && req.method !== 'HEAD') return send(res, 405, 'text/plain', 'GET it');

  const asJson = req.headers.accept?.includes('application/json') ?? false;
  if (pathname === '/')
    return asJson
      ? sendJson(res, { mails: mailbox.mails().map(facts) })
      : sendPage(res, listPage(mailbox.mails()));

  const samples = pathname.startsWith('/samples') ? ((await mailbox.samples?.()) ?? null) : null;
  if (samples && pathname === '/samples') return sendPage(res, samplesPage(samples));
  const [, folder, id, part] =
    /^\/(mails|samples)\/([0-9a-z_-]+)(\/html|\/attachments\/\d+)?$/.exec(pathname) ?? [];
  const kept = folder === 'samples' ? (samples ?? []) : mailbox.mails();
  const mail = kept.find((candidate) => candidate.id === id);
  if (!mail)
    return sendPage(
      res,
      page('Not found', '<h1>There is no such mail</h1><p><a href="/">All mails</a></p>'),
      404,
    );
  if (part === '/html') return sendHtmlPart(res, mail);
  if (part) return sendAttachment(res, mail, Number(part.slice('/attachments/'.length)));
  return asJson ? sendJson(res, facts(mail)) : sendPage(res, mailPage(mail, `/${folder}/${mail.id}`));
}

async function clear(req: IncomingMessage, res: ServerResponse, mailbox: MailboxContents): Promise<void> {
  const site = req.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    return send(res, 403, 'text/plain', 'cross-site');
  await mailbox.clear();
  res.writeHead(303, { Location: '/' }).end();
}

function facts({ attachments, ...mail }: ReceivedMail) {
  return {
    ...mail,
    attachments: attachments.map(({ fileName, contentType }) => ({ fileName, contentType })),
  };
}

function listPage(mails: ReceivedMail[]): string {
  if (mails.length === 0)
    return page(
      'Mailbox',
      `<h1>Mailbox</h1><p>No mail yet. This page shows what Examdesk sends.</p>${samplesLink}`,
    );
  const rows = mails.toReversed().map(
    (mail) => `<tr><td>${escape(when(mail))}</td><td>${escape(mail.to.join(', '))}</td>
        <td><a href="/mails/${mail.id}">${escape(mail.subject || '(no subject)')}</a></td></tr>`,
  );
  return page(
    'Mailbox',
    `<h1>Mailbox</h1>${samplesLink}
     <table><thead><tr><th scope="col">Received</th><th scope="col">To</th><th scope="col">Subject</th></tr></thead>
     <tbody>${rows.join('')}</tbody></table>
     <form method="post" action="/clear"><p><button>Delete all</button></p></form>`,
  );
}

const samplesLink = '<p><a href="/samples">A sample of every kind of e-mail</a></p>';

function samplesPage(samples: MailSample[]): string {
  const rows = samples.map(({ kind, subject, attachments }) => {
    const { label, hint, to, choices } = mailKinds[kind];
    return `<tr><td>${escape(label)}<br><small>${escape(hint)}</small></td><td>${escape(to.join(', ').replaceAll('_', ' '))}</td>
      <td>${escape(choices.length === 1 ? 'always sent' : choices.join(', ').replaceAll('_', ' '))}</td>
      <td><a href="/samples/${kind}">${escape(subject)}</a>${attachments.length > 0 ? ' (with a calendar entry)' : ''}</td></tr>`;
  });
  return page(
    'Samples',
    `<p><a href="/">All mails</a></p><h1>A sample of every kind of e-mail</h1>
     ${samples.length === 0 ? '<p>There is no booking to write about.</p>' : ''}
     <table><thead><tr><th scope="col">Kind</th><th scope="col">To</th><th scope="col">May be chosen</th><th scope="col">Sample</th></tr></thead>
     <tbody>${rows.join('')}</tbody></table>`,
  );
}

/** @param base the address of the mail's page */
function mailPage(mail: ReceivedMail, base: string): string {
  const attachments = mail.attachments.map(
    ({ fileName, contentType, content }, index) =>
      `<li><a href="${base}/attachments/${index}">${escape(fileName)}</a> (${escape(contentType)}, ${content.length} bytes)</li>`,
  );
  return page(
    mail.subject,
    `<p><a href="/">All mails</a></p><h1>${escape(mail.subject || '(no subject)')}</h1>
     <dl><dt>From</dt><dd>${escape(mail.from)}</dd><dt>To</dt><dd>${escape(mail.to.join(', '))}</dd>
     <dt>Received</dt><dd>${escape(when(mail))}</dd></dl>
     ${mail.html === null ? '' : `<h2>HTML</h2><iframe title="The mail as HTML" sandbox="${mailSandbox}" src="${base}/html"></iframe>`}
     <h2>Text</h2><pre>${escape(mail.text)}</pre>
     ${mail.stopUrl === null ? '' : `<p><a href="${escape(mail.stopUrl)}">Unsubscribe</a>: mail programs show a button that sends a POST there.</p>`}
     ${attachments.length === 0 ? '' : `<h2>Attachments</h2><ul>${attachments.join('')}</ul>`}`,
  );
}

function sendHtmlPart(res: ServerResponse, mail: ReceivedMail): void {
  res.setHeader('Content-Security-Policy', mailPolicy);
  send(
    res,
    mail.html === null ? 404 : 200,
    'text/html; charset=utf-8',
    // Without a doctype first, browsers would show the mail in quirks mode.
    `<!doctype html><base target="_blank">${mail.html ?? ''}`,
  );
}

function sendAttachment(res: ServerResponse, mail: ReceivedMail, index: number): void {
  const attachment = mail.attachments[index];
  if (!attachment) return send(res, 404, 'text/plain', 'There is no such attachment');
  res.setHeader(
    'Content-Disposition',
    `attachment; filename*=UTF-8''${encodeURIComponent(attachment.fileName)}`,
  );
  res.setHeader('Content-Security-Policy', 'sandbox');
  // The declared content type is untrusted, and a header cannot contain line breaks.
  const type = /^[\w.+-]+\/[\w.+-]+$/.test(attachment.contentType)
    ? attachment.contentType
    : 'application/octet-stream';
  send(res, 200, type, attachment.content);
}

function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escape(title)} – Examdesk mailbox</title>
    <meta name="viewport" content="width=device-width"><style>${styles}</style></head><body>${body}</body></html>`;
}

function sendPage(res: ServerResponse, html: string, status = 200): void {
  res.setHeader('Content-Security-Policy', pagePolicy);
  send(res, status, 'text/html; charset=utf-8', html);
}

function sendJson(res: ServerResponse, value: unknown): void {
  send(res, 200, 'application/json', JSON.stringify(value));
}

function send(res: ServerResponse, status: number, type: string, body: string | Buffer): void {
  res.writeHead(status, { 'Content-Type': type }).end(body);
}

function when(mail: ReceivedMail): string {
  return mail.receivedAt.toLocaleString('en-AU', { dateStyle: 'medium', timeStyle: 'medium' });
}

function escape(text: string): string {
  const names: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (character) => names[character] ?? '');
}
