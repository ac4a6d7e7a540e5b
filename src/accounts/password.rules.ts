// Which passwords are taken: by length, and not one that everybody tries first. No character classes (NIST 800-63B).
import { commonPasswords, commonWords } from './common-passwords.ts';
import { folded, isListed } from './password.list.ts';

export const passwordLength = { min: 12, max: 128 } as const;

/** What is wrong with it, in words for the person; null when nothing is. `about` holds what others know of them. */
export function passwordComplaint(password: string, about: string[] = []): string | null {
  const length = Array.from(password).length;
  if (length < passwordLength.min) return `Use at least ${passwordLength.min} characters`;
  if (password.length > passwordLength.max) return `Use at most ${passwordLength.max} characters`;
  if (isCommon(password)) return 'Too many people use this one. Choose another, for example four words';
  if (isAbout(password, about)) {
    return 'This one is mostly your name, your e-mail address or ours. Choose another, for example four words';
  }
  return null;
}

/** As for every password that is chosen: the complaint, also when it is no text at all. */
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

/** What everybody uses does not become better by a year behind it: `sonyericsson2026!`. */
function withoutEnds(text: string): string {
  return text.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, '');
}

/** One piece again and again: `abcabcabcabc`, `aaaaaaaaaaaa`. */
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

/** Whether a run along the alphabet, the digits or the keyboard makes up that share of it. */
function hasRunOf(text: string, share: number): boolean {
  const least = Math.ceil(text.length * share);
  for (let from = 0; from + least <= text.length; from += 1) {
    const piece = text.slice(from, from + least);
    if (runs.some((run) => run.includes(piece))) return true;
  }
  return false;
}

/** Common words in a row with digits and signs around: `password2026!!`, `welcomewelcome1`. */
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
