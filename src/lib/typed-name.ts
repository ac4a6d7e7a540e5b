// What a name may have, as identity cards have it: `Ali s/o Rahman`, `Siti A/L Kumar`, `Jennifer 8.`, `Bill, 3rd`.
import { hasInvisible } from './typed-text.ts';

const emoji = /\p{Extended_Pictographic}|\p{Emoji_Modifier}|\p{Regional_Indicator}|\u20e3/u;
/** Letters, without those that only modify others, like ʻ. */
const letterOrDigit = /[[\p{L}--\p{Lm}]\p{N}]/v;

export type NameFault = 'invisible' | 'emoji' | 'brackets' | 'only_marks';

/** Null when the tidied text can be a name. */
export function nameFault(text: string): NameFault | null {
  if (hasInvisible(text, 'line')) return 'invisible';
  if (emoji.test(text)) return 'emoji';
  if (/[<>]/.test(text)) return 'brackets';
  return letterOrDigit.test(text) ? null : 'only_marks';
}
