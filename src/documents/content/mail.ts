// Mails as mail programs save them (.eml): an RFC 5322 header block, then anything. Recognised by the header alone.
import type { TextCheck } from './text.ts';

/** Header fields that name a mail's origin. A letter may begin with one of them, but not with a second header field. */
const originFields = ['from', 'received', 'return-path', 'arc-seal', 'dkim-signature'];

/** Header fields that are rare in prose. A mail has at least two of them. */
const mailFields = new Set([
  ...originFields,
  'arc-authentication-results',
  'arc-message-signature',
  'authentication-results',
  'bcc',
  'cc',
  'content-type',
  'date',
  'delivered-to',
  'message-id',
  'mime-version',
  'received-spf',
  'reply-to',
  'sender',
  'subject',
  'to',
  'x-mozilla-status',
  'x-unsent',
]);

/**
 * @param head the first bytes of the file, perhaps less than the header block; `isWhole`: the file ends there
 * @param isNamed whether the file's name says that it is a mail: a mail that was never sent names no origin
 */
export function looksLikeMail(head: Buffer, isWhole: boolean, isNamed: boolean): boolean {
  // Mailboxes put a line of their own before each mail.
  const text = head.toString('latin1').replace(/^(\xef\xbb\xbf)?\s*(>?From .*(\r\n?|\n))?/, '');
  const end = /\r?\n\r?\n|\r\r/.exec(text);
  const lines = text.slice(0, end?.index ?? text.length).split(/\r\n?|\n/);
  // The last line may be cut off.
  if (!end && !isWhole) lines.pop();
  const names = new Set<string>();
  for (const line of lines) {
    if (/^[ \t]/.test(line) && names.size > 0) continue;
    const name = /^([\x21-\x39\x3b-\x7e]+)[ \t]*:/.exec(line)?.[1];
    if (name === undefined) return false;
    names.add(name.toLowerCase());
  }
  const found = [...names].filter((name) => mailFields.has(name));
  return found.length >= 2 && (isNamed || originFields.some((name) => names.has(name)));
}

/** Refuses only NUL bytes: a mail's body may be in any character set. */
export function createMailCheck(): TextCheck {
  let failed = false;
  return {
    update(bytes) {
      failed ||= bytes.includes(0);
      return !failed;
    },
    isText: () => !failed,
  };
}
