// The mail server of the demo and the tests: accepts every mail over SMTP, delivers none, shows all.
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import path from 'node:path';
import { type AddressObject, type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer, type SMTPServerDataStream } from 'smtp-server';
import { answerMailboxRequest, type MailSample, type ReceivedMail } from './mailbox-page.ts';

export type { ReceivedMail };

export interface MailboxOptions {
  /** 0: a free port. */
  smtpPort: number;
  /** 0: a free port. */
  httpPort: number;
  /** The folder that keeps mails between starts; unset: in memory. */
  directory?: string;
  /** For the page of samples. */
  samples?: () => Promise<MailSample[]>;
}

export interface Mailbox {
  smtpUrl: string;
  /** The URL of the mailbox page. */
  url: string;
  /** Oldest first. */
  mails(): ReceivedMail[];
  clear(): Promise<void>;
  close(): Promise<void>;
}

const largestMail = 30 * 1024 * 1024;
const host = '127.0.0.1';

/** Resolves when both ports listen. @throws the listen error, with its `port`, when one is taken */
export async function startMailbox({
  smtpPort,
  httpPort,
  directory,
  samples,
}: MailboxOptions): Promise<Mailbox> {
  const kept = directory ? await readKept(directory) : [];
  const remember = async (raw: Buffer, to: string[]) => {
    const mail = await parseMail(randomUUID(), new Date(), to, raw);
    if (directory) await keep(directory, mail, raw);
    kept.push(mail);
  };
  const clear = async () => {
    const gone = kept.splice(0);
    if (directory) {
      await Promise.all(gone.map((mail) => rm(path.join(directory, fileNameOf(mail)), { force: true })));
    }
  };

  const page = createServer((req, res) => {
    answerMailboxRequest(req, res, { mails: () => kept, clear, samples }).catch(() =>
      res.writeHead(500).end(),
    );
  });
  const smtp = createSmtpServer(remember);
  await listen(page, httpPort);
  try {
    await listen(smtp, smtpPort);
  } catch (error) {
    page.close();
    throw error;
  }
  return {
    smtpUrl: `smtp://${host}:${portOf(smtp.server)}`,
    url: `http://${host}:${portOf(page)}`,
    mails: () => [...kept],
    clear,
    close: async () => {
      page.closeAllConnections();
      await Promise.all([
        new Promise<void>((resolve) => page.close(() => resolve())),
        new Promise<void>((resolve) => smtp.close(() => resolve())),
      ]);
    },
  };
}

function createSmtpServer(remember: (raw: Buffer, to: string[]) => Promise<void>): SMTPServer {
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    size: largestMail,
    closeTimeout: 500,
    banner: 'Examdesk mailbox',
    onAuth: (auth, _session, done) => done(null, { user: auth.username ?? 'anyone' }),
    onData: (stream, session, answer) => {
      const to = session.envelope.rcptTo.map(({ address }) => address);
      // Answers once the mail is stored, as a real server does.
      readAll(stream)
        .then((raw) => remember(raw, to))
        .then(() => answer(), answer);
    },
  });
  smtp.on('error', () => undefined); // an error of one connection: the client disconnected
  return smtp;
}

async function readAll(stream: SMTPServerDataStream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  if (stream.sizeExceeded) throw Object.assign(new Error('The mail is too large'), { responseCode: 552 });
  return Buffer.concat(chunks);
}

async function parseMail(id: string, receivedAt: Date, to: string[], raw: Buffer): Promise<ReceivedMail> {
  const parsed = await simpleParser(raw);
  return {
    id,
    receivedAt,
    messageId: parsed.messageId ?? '',
    from: parsed.from?.text ?? '',
    to: to.length > 0 ? to : addressesOf(parsed.to),
    subject: parsed.subject ?? '',
    stopUrl: stopUrlOf(parsed),
    text: parsed.text ?? '',
    html: parsed.html || null,
    attachments: parsed.attachments.map((attachment, index) => ({
      fileName: attachment.filename ?? `attachment-${index + 1}`,
      contentType: attachment.contentType,
      content: attachment.content,
    })),
  };
}

function stopUrlOf({ headerLines }: ParsedMail): string | null {
  const lineOf = (name: string) =>
    headerLines.find(({ key }) => key === name)?.line.replaceAll(/\r?\n\s+/g, '');
  if (!lineOf('list-unsubscribe-post')?.endsWith('List-Unsubscribe=One-Click')) return null;
  return /<(https?:[^>]+)>/.exec(lineOf('list-unsubscribe') ?? '')?.[1] ?? null;
}

function addressesOf(header: AddressObject | AddressObject[] | undefined): string[] {
  const groups = Array.isArray(header) ? header : header ? [header] : [];
  return groups.flatMap((group) => group.value.flatMap(({ address }) => (address ? [address] : [])));
}

// File names begin with the time of arrival, so that the folder's order is the mails' order.
function fileNameOf(mail: ReceivedMail): string {
  return `${mail.receivedAt.toISOString().replaceAll(':', '-')}_${mail.id}.eml`;
}

async function keep(directory: string, mail: ReceivedMail, raw: Buffer): Promise<void> {
  const envelope = Buffer.from(`X-Mailbox-To: ${mail.to.join(', ')}\r\n`);
  await writeFile(path.join(directory, fileNameOf(mail)), Buffer.concat([envelope, raw]), { mode: 0o600 });
}

async function readKept(directory: string): Promise<ReceivedMail[]> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const names = (await readdir(directory)).filter((name) => name.endsWith('.eml')).toSorted();
  return Promise.all(
    names.map(async (name) => {
      const [stamp = '', id = ''] = name.slice(0, -'.eml'.length).split('_');
      const raw = await readFile(path.join(directory, name));
      const [, to = ''] = /^X-Mailbox-To: (.*)\r?\n/.exec(raw.toString('utf8', 0, 4096)) ?? [];
      const receivedAt = new Date(stamp.replace(/T(\d\d)-(\d\d)-/, 'T$1:$2:'));
      return parseMail(id, receivedAt, to.split(', ').filter(Boolean), raw);
    }),
  );
}

function listen(server: Server | SMTPServer, port: number): Promise<void> {
  const emitter = server instanceof SMTPServer ? server.server : server;
  return new Promise((resolve, reject) => {
    emitter.once('error', reject);
    server.listen(port, host, () => {
      emitter.off('error', reject);
      resolve();
    });
  });
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
