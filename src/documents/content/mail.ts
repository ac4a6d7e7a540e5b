// Mails as mail programs save them (.eml): an RFC 5322 header block, then anything. Recognised by the header alone.
import type { TextCheck } from './text.ts';

/** Header fields that are rare in prose. A mail has at least two of them, one of which names its origin. */
const mailFields = new Set([
  'from',
  'to',
  'date',
  'subject',
  'message-id',
  'mime-version',
  'received',
  'return-path',
  'content-type',
  'delivered-to',
  'reply-to',
]);

/** @param head the first bytes of the file, perhaps less than the header block; `isWhole`: the file ends there */
export function looksLikeMail(head: Buffer, isWhole: boolean): boolean {
  const text = head.toString('latin1').replace(/^\xef\xbb\xbf/, '');
  const end = /\r?\n\r?\n/.exec(text);
  const lines = text.slice(0, end?.index ?? text.length).split(/\r?\n/);
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
  return found.length >= 2 && (names.has('from') || names.has('received') || names.has('return-path'));
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
