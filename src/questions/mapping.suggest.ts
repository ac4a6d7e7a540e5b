// Suggests which of Acuity's questions is which of our details, by its words. An admin confirms it.
import type { AcuityField } from '../ports/acuity.ts';
import type { MappableDetail } from './mapping.ts';

/** A dropdown can be chosen by hand, but it accepts only its own options, so it is not suggested. */
const suggestedTypes: readonly AcuityField['type'][] = ['textbox', 'textarea'];

/** Words that name the examinee, and words without meaning. */
const plain = new Set([
  'examinee',
  'examinees',
  'claimant',
  'claimants',
  'patient',
  'patients',
  'plaintiff',
  'plaintiffs',
  'injured',
  'worker',
  'workers',
  'person',
  'examined',
  's',
  'their',
  'his',
  'her',
  'the',
  'of',
  'a',
  'an',
  'and',
  'please',
  'enter',
  'provide',
  'give',
  'what',
  'is',
  'full',
  'for',
]);

/**
 * Words that mean somebody or something else: a question that contains one is not ours, even if it also has our words.
 */
const others = new Set([
  'your',
  'you',
  'my',
  'referrer',
  'referrers',
  'referring',
  'solicitor',
  'solicitors',
  'lawyer',
  'lawyers',
  'manager',
  'employer',
  'employers',
  'insurer',
  'insurers',
  'agent',
  'doctor',
  'doctors',
  'gp',
  'emergency',
  'kin',
  'parent',
  'guardian',
  'spouse',
  'interpreter',
  'interpreters',
  'invoice',
  'billing',
  'accounts',
]);

/** Below this score a question has too many other words. */
const least = 3;

/**
 * Field id → name of the detail. No field gets two details, and no detail two fields.
 * @param fields those without a detail, in Acuity's order
 * @param details those without a field
 * @param reach how many of our appointment types have the field: of two equal matches the field with more is suggested
 */
export function suggestDetails(
  fields: readonly AcuityField[],
  details: readonly MappableDetail[],
  reach: (fieldId: number) => number,
): Map<number, string> {
  const pairs = fields
    .filter(({ type }) => suggestedTypes.includes(type))
    .flatMap((field) => {
      const words = wordsOf(field.name);
      return details.map(({ name, words: phrases }) => ({
        fieldId: field.id,
        name,
        score: scoreOf(words, phrases),
      }));
    })
    .filter(({ score }) => score >= least)
    .toSorted((a, b) => b.score - a.score || reach(b.fieldId) - reach(a.fieldId));
  const suggested = new Map<number, string>();
  const taken = new Set<string>();
  for (const { fieldId, name } of pairs) {
    if (suggested.has(fieldId) || taken.has(name)) continue;
    suggested.set(fieldId, name);
    taken.add(name);
  }
  return suggested;
}

/** The best score of the phrases found: the phrase's weight, less the question's other words. */
function scoreOf(words: readonly string[], phrases: Record<string, number>): number {
  return Math.max(
    0,
    ...Object.entries(phrases).map(([phrase, weight]) => {
      const rest = without(words, phrase.split(' '));
      if (!rest || rest.some((word) => others.has(word))) return 0;
      const besides = rest.filter((word) => !plain.has(word)).length;
      return weight * 4 - besides * 3;
    }),
  );
}

/** The words around the phrase; null when it does not occur. */
function without(words: readonly string[], phrase: readonly string[]): string[] | null {
  const at = words.findIndex((_, start) => phrase.every((word, index) => words[start + index] === word));
  return at < 0 ? null : [...words.slice(0, at), ...words.slice(at + phrase.length)];
}

/** Lower case, without text in brackets, which is a hint: "(dd/mm/yyyy)". */
function wordsOf(name: string): string[] {
  return name
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/\([^)]*\)/g, ' ')
    .replaceAll(/\be-mail/g, 'email')
    .replaceAll(/\bd\.\s?o\.\s?b\b\.?/g, 'dob')
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean);
}
