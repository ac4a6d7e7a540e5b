// Converts answers to and from Acuity's format, which is always one text (acuity.md, sections 5.2 and 9).
import { type AnswerValue, uploadLater } from './answer.ts';
import type { Question } from './question.ts';

/** @param uploads the address where the document of an unanswered `file` question will be found */
export function toAcuity(value: AnswerValue, type: Question['type'], uploads: string): string {
  if (Array.isArray(value)) return value.join(',');
  return type === 'file' && value === uploadLater ? uploads : value;
}

/** Lenient: whatever Acuity holds was accepted there. */
export function fromAcuity(text: string, { type, options }: Pick<Question, 'type' | 'options'>): AnswerValue {
  if (type !== 'checkboxlist') return text;
  return (
    chosenOptions(text.trim(), options) ??
    text
      .split(',')
      .map((one) => one.trim())
      .filter(Boolean)
  );
}

/** The options that make up the text, which can contain commas; null when it holds anything else. */
function chosenOptions(text: string, options: readonly string[]): string[] | null {
  if (text === '') return [];
  // The longest first, so that `Left` is not matched within `Left, mostly`.
  for (const option of options.toSorted((a, b) => b.length - a.length)) {
    if (text === option) return [option];
    const after = text.startsWith(option) ? /^\s*,\s*/.exec(text.slice(option.length)) : null;
    if (!after) continue;
    const others = options.filter((other) => other !== option);
    const rest = chosenOptions(text.slice(option.length + after[0].length), others);
    if (rest) return [option, ...rest];
  }
  return null;
}

/** Whether two answers are equal, whatever order and spaces Acuity gives a list. */
export function isSameAnswer(a: AnswerValue, b: AnswerValue): boolean {
  const listed = (value: AnswerValue) => (Array.isArray(value) ? value.toSorted() : [value]);
  return JSON.stringify(listed(a)) === JSON.stringify(listed(b));
}
