// Answers to Acuity's own questions on pages.
import type { AnswersChange } from '../../../bookings/index.ts';
import { uploadLater, type Answer, type AnswerValue, type QuestionForm } from '../../../questions/index.ts';
import { fieldId } from '../../view-helpers.ts';

/** One line for each chosen option; '' without an answer. */
export function answerWords(value: AnswerValue | null | undefined, type?: Answer['type']): string {
  if (Array.isArray(value)) return value.join('\n');
  if (type === 'file' && value === uploadLater) return 'To be uploaded to the booking';
  if (type === 'yesno' || type === 'checkbox')
    return value === 'yes' ? 'Yes' : value === 'no' ? 'No' : (value ?? '');
  return value ?? '';
}

export interface AnswerGroup {
  title: string;
  rows: { id: string; label: string; value: string; isProse: true }[];
}

/** Grouped by form, in the order of the questions. */
export function answerGroups(answers: readonly Answer[]): AnswerGroup[] {
  const titles = [...new Set(answers.map(({ form }) => form))];
  return titles.map((title) => ({
    title,
    rows: answers
      .filter(({ form }) => form === title)
      .map(({ fieldId: id, label, value, type }) => ({
        id: fieldId(`answers.${id}`),
        label,
        value: answerWords(value, type),
        isProse: true,
      })),
  }));
}

/** Every question, answered or not. */
export function draftAnswers(
  forms: readonly QuestionForm[],
  answers: readonly { fieldId: number; value: AnswerValue }[],
): AnswerGroup[] {
  return answerGroups(
    forms.flatMap((form) =>
      form.questions.map(({ fieldId: id, label, type, options }) => {
        const typed = answers.find((answer) => answer.fieldId === id)?.value ?? '';
        const value = Array.isArray(typed) ? options.filter((option) => typed.includes(option)) : typed;
        return { fieldId: id, form: form.name, label, type, value };
      }),
    ),
  );
}

/** One line for each changed answer: `Side: Left (before: Right)`. */
export function changeWords({ changed }: AnswersChange): string {
  const shown = (value: AnswerValue | null) => {
    const words = [value ?? 'no answer'].flat().join(', ');
    return words.length > 200 ? `${words.slice(0, 199).trimEnd()}…` : words;
  };
  return changed.map(({ label, from, to }) => `${label}: ${shown(to)} (before: ${shown(from)})`).join('\n');
}
