import { tidyLine } from './typed-text.ts';

// RFC 5321, 4.1.2: a Dot-string of at most 64 characters and a domain of at least two labels. Left out are its quoted
// strings, which it advises against and few mail servers accept, and addresses in brackets, which name no domain.
const atoms = String.raw`[A-Za-z0-9!#$%&'*+\-\/=?^_\x60\{\|\}~]+`;
const label = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?';
const mailbox = new RegExp(
  String.raw`^(?=.{1,254}$)(?=[^@]{1,64}@)${atoms}(?:\.${atoms})*@(?:${label}\.)+(?!\d+$)${label}$`,
);

export const longestEmail = 254;
const longestTyped = 1000;

export function isEmail(text: string): boolean {
  return mailbox.test(text);
}

/**
 * Tidies an address that was typed or pasted: full-width characters and typographic apostrophes become plain, and
 * `mailto:`, angle brackets and punctuation after it go.
 */
export function tidyEmail(typed: string): string {
  // The expressions below take quadratic time.
  if (typed.length > longestTyped) return typed;
  const plain = tidyLine(tidyLine(typed).normalize('NFKC')).replaceAll(/[‘’]/g, "'");
  return plain
    .replace(/[\s.,;]+$/, '')
    .replace(/^<(.*)>$/, '$1')
    .replace(/^mailto:/i, '');
}
