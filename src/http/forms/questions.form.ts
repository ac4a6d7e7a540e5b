// Acuity's own questions in the examinee's step: how each type is shown, and how its answer is read.
import {
  answerPath,
  uploadLater,
  type AnswerValue,
  type Question,
  type QuestionForm,
} from '../../questions/index.ts';
import { rawField } from './fields.ts';

/** As typed; stored in the draft. */
export interface TypedAnswer {
  fieldId: number;
  value: AnswerValue;
}

/** A question for the view; `path` is the name of its inputs, and the id that the error summary links to. */
export interface QuestionField {
  path: string;
  kind: 'text' | 'prose' | 'url' | 'select' | 'yesNo' | 'tick' | 'ticks';
  label: string;
  optional: boolean;
  options: string[];
  rows?: number;
  hint?: string;
  /** The answer; for `ticks` the chosen options. */
  value: AnswerValue;
}

export interface QuestionSection {
  id: string;
  title: string;
  description: string | null;
  fields: QuestionField[];
}

const kinds: Record<Question['type'], Pick<QuestionField, 'kind' | 'rows' | 'hint'>> = {
  text: { kind: 'text' },
  textarea: { kind: 'prose', rows: 4 },
  address: { kind: 'prose', rows: 3 },
  dropdown: { kind: 'select' },
  yesno: { kind: 'yesNo' },
  checkbox: { kind: 'tick' },
  checkboxlist: { kind: 'ticks' },
  file: {
    kind: 'url',
    hint: 'Paste a link to the document, or leave this empty and upload the document to the booking afterwards',
  },
};

export function questionSections(
  forms: readonly QuestionForm[],
  answers: readonly TypedAnswer[],
): QuestionSection[] {
  return forms.map((form) => ({
    id: `form-${form.id}`,
    title: form.name,
    description: form.description,
    fields: form.questions.map((question) => fieldOf(question, answers)),
  }));
}

function fieldOf(question: Question, answers: readonly TypedAnswer[]): QuestionField {
  const { fieldId, label, type, required, options } = question;
  const typed = answers.find((answer) => answer.fieldId === fieldId)?.value;
  return {
    ...kinds[type],
    path: answerPath(fieldId),
    label,
    // The document can be uploaded to the booking later.
    optional: !required || type === 'file',
    options,
    value: type === 'checkboxlist' ? [typed ?? []].flat() : boxValue(typed),
  };
}

function boxValue(typed: AnswerValue | undefined): string {
  return typeof typed !== 'string' || typed === uploadLater ? '' : typed;
}

/** The answer to each question as the browser sent it, unchecked. */
export function typedAnswers(forms: readonly QuestionForm[], body: unknown): TypedAnswer[] {
  return forms.flatMap((form) =>
    form.questions.map((question) => ({
      fieldId: question.fieldId,
      value: typedAnswer(question, rawField(body, answerPath(question.fieldId))),
    })),
  );
}

function typedAnswer({ type, required }: Question, sent: unknown): AnswerValue {
  const texts = [sent].flat().filter((one): one is string => typeof one === 'string');
  if (type === 'checkboxlist') return texts;
  // A name that was sent twice counts as unanswered.
  const text = texts.length === 1 ? (texts[0] ?? '') : '';
  // Browsers send nothing for an unticked box.
  if (type === 'checkbox' && text === '') return 'no';
  return type === 'file' && required && text.trim() === '' ? uploadLater : text;
}

/** The typed answers to questions that are asked now: another specialist asks other questions. */
export function answersAsked(
  forms: readonly QuestionForm[],
  answers: readonly TypedAnswer[] | undefined,
): TypedAnswer[] {
  const asked = new Set(forms.flatMap((form) => form.questions.map(({ fieldId }) => fieldId)));
  return (answers ?? []).filter(({ fieldId }) => asked.has(fieldId));
}
