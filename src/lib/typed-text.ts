// Tidies text that people type or paste, and finds what nobody types on purpose. Tidy first, refuse after.

/**
 * Characters that mean the same and look alike, each group as the inside of a character class. Tidying writes a plain
 * one; searches ignore the difference.
 */
export const alike = {
  /** Also blanks that Unicode calls letters (Hangul fillers) or symbols (Braille). */
  space: String.raw`\p{Zs}\u2800\u3164\uffa0`,
  /** Dashes and minus signs; not the Japanese long vowel (ー), which is a letter. */
  hyphen: String.raw`\p{Pd}\u02d7\u2043\u207b\u208b\u2212\u2796`,
  /** Accents and primes typed for an apostrophe. The apostrophes ’ and ‘ are correct, so tidying keeps them. */
  apostrophe: String.raw`'\u0060\u00b4\u02b9\u02bc\u02c8\u02ca\u02cb\u055a\u2032\u2035\uff07`,
} as const;

const spaces = new RegExp(`[${alike.space}]`, 'gv');
const hyphens = new RegExp(`[${alike.hyphen}]`, 'gv');
const apostrophes = new RegExp(`[${alike.apostrophe}]`, 'gv');

/** `\v` is Word's line break, `\f` its page break. */
const lineBreaks = /\r\n?|[\v\f\u0085\u2028\u2029]/g;

// Soft hyphens, zero-width spaces, byte order marks, marks and embeddings of direction, and other characters without a
// shape. Overrides of direction stay, to be refused.
const shapeless =
  /[\u{34f}\u{17b4}\u{17b5}\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u202a-\u202c\u2060-\u206f\ufeff\ufff9-\ufffc\u{e0000}-\u{e007f}]/gv;

// A joiner (ZWJ) or non-joiner (ZWNJ) changes the shape of letters in these scripts: می‌خواهم, ක්‍ර. Elsewhere it is
// invisible. In prose it also holds an emoji of several parts together.
const cursive = String.raw`[\p{L}&&[\p{scx=Arab}\p{scx=Syrc}\p{scx=Mand}\p{scx=Nkoo}\p{scx=Mong}\p{scx=Deva}\p{scx=Beng}\p{scx=Guru}\p{scx=Gujr}\p{scx=Orya}\p{scx=Taml}\p{scx=Telu}\p{scx=Knda}\p{scx=Mlym}\p{scx=Sinh}\p{scx=Khmr}\p{scx=Mymr}\p{scx=Tibt}\p{scx=Bali}\p{scx=Java}]]`;
const virama = String.raw`[\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d4d\u0dca]`;
// Accents and vowels may stand between a letter and the joiner: composing text changes their order.
const joiners = new RegExp(
  String.raw`((?<=${cursive}\p{M}*)[\u200c\u200d](?=\p{M}*${cursive})|(?<=${virama}\p{M}*)\u200d|` +
    String.raw`(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f])\u200d(?=\p{Extended_Pictographic}))|[\u200c\u200d]`,
  'gv',
);

/** Several lines: line ends become `\n`. */
export function tidyProse(value: string): string {
  return tidy(value.replaceAll(lineBreaks, '\n'));
}

/** One line: a tab or several spaces become one space. Line breaks inside stay, to be refused. */
export function tidyLine(value: string): string {
  return tidy(value.replaceAll(/[\t\u2028\u2029]/g, ' ')).replaceAll(/ {2,}/g, ' ');
}

function tidy(value: string): string {
  // NFC first, since some characters have their plain form only by it; and again, since letters and accents may have
  // met where something invisible went.
  return withoutShapeless(value.normalize('NFC'))
    .replaceAll(spaces, ' ')
    .replaceAll(hyphens, '-')
    .replaceAll(apostrophes, "'")
    .normalize('NFC')
    .trim();
}

/** For addresses of web pages, where every visible character counts. */
export function withoutShapeless(value: string): string {
  return value
    .replaceAll(shapeless, '')
    .replaceAll(/([\u200c\u200d])[\u200c\u200d]+/g, '$1')
    .replaceAll(joiners, '$1');
}

// Control characters, overrides of direction, halves of characters, and what Unicode calls no character.
const never = String.raw`\p{Cs}\p{Noncharacter_Code_Point}\u202d\u202e`;
const notInLines = new RegExp(String.raw`[\p{Cc}${never}]`, 'v');
const notInProse = new RegExp(String.raw`[[\p{Cc}--[\n\t]]${never}]`, 'v');

/** Whether tidied text has characters that nobody types on purpose. `prose` may have line ends and tabs. */
export function hasInvisible(value: string, kind: 'line' | 'prose'): boolean {
  return (kind === 'line' ? notInLines : notInProse).test(value);
}
