// Mails as programs save them (.eml): a header block after RFC 5322, then anything. Detected by the header alone.
import type { TextCheck } from './text.ts';

/** Fields that stand in mails and rarely in prose; a mail has at least two of them, and says whom it is from. */
const telling = new Set([
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

/** `head`: the first bytes of the file, not necessarily the whole header block. */
export function looksLikeMail(head: Buffer, isWhole: boolean): boolean {
  const text = head.toString('latin1').replace(/^\xef\xbb\xbf/, '');
  const end = /\r?\n\r?\n/.exec(text);
  const lines = text.slice(0, end?.index ?? text.length).split(/\r?\n/);
  // The last line may be cut in the middle.
  if (!end && !isWhole) lines.pop();
  const names = new Set<string>();
  for (const line of lines) {
    if (/^[ \t]/.test(line) && names.size > 0) continue;
    const name = /^([\x21-\x39\x3b-\x7e]+)[ \t]*:/.exec(line)?.[1];
    if (name === undefined) return false;
    names.add(name.toLowerCase());
  }
  const found = [...names].filter((name) => telling.has(name));
  return found.length >= 2 && (names.has('from') || names.has('received') || names.has('return-path'));
}

/** The body may be in any character set, so only what no mail has is refused: NUL. */
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
