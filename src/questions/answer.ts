// Validates answers to Acuity's questions before they are sent, so that Acuity refuses none.
import { hasInvisible, tidyLine, tidyProse, withoutShapeless } from '../lib/typed-text.ts';
import { failure, type FieldError, type InvalidFields, ok, type Result } from '../lib/result.ts';
import type { Question, QuestionForm, QuestionType } from './question.ts';

/** A text; `yes` or `no`; or the chosen options of a `checkboxlist`. */
export type AnswerValue = string | string[];

export interface GivenAnswer {
  fieldId: number;
  /** Of any type: validation reports what is wrong with it. */
  value: unknown;
}

/** Keeps the question as it was asked, so that the answer can be read however Acuity's form changes later. */
export interface Answer {
  fieldId: number;
  form: string;
  label: string;
  type: QuestionType;
  value: AnswerValue;
}

/** The answer to a `file` question while the document is uploaded to the booking later. */
export const uploadLater = 'later';

const longest = 2000;

export function answerPath(fieldId: number): string {
  return `answers.${fieldId}`;
}

/** The valid answers in the order of the forms. Empty answers to optional questions are left out. */
export function readAnswers(
  forms: readonly QuestionForm[],
  given: readonly GivenAnswer[],
): Result<Answer[], InvalidFields> {
  const asked = new Set(forms.flatMap((form) => form.questions.map(({ fieldId }) => fieldId)));
  const errors: FieldError[] = [];
  const byField = new Map<number, unknown>();
  for (const { fieldId, value } of given) {
    const path = answerPath(fieldId);
    if (!asked.has(fieldId)) errors.push({ path, message: 'This question is not asked: leave it out' });
    else if (byField.has(fieldId)) errors.push({ path, message: 'This question is answered twice' });
    byField.set(fieldId, value);
  }
  const answers: Answer[] = [];
  for (const form of forms) {
    for (const question of form.questions) {
      const read = readAnswer(question, byField.get(question.fieldId));
      const { fieldId, label, type } = question;
      if (!read.ok) errors.push({ path: answerPath(fieldId), message: read.message });
      else if (read.value !== null)
        answers.push({ fieldId, form: form.name, label, type, value: read.value });
    }
  }
  return errors.length > 0 ? failure({ reason: 'invalid', errors }) : ok(answers);
}

type Read = { ok: true; value: AnswerValue | null } | { ok: false; message: string };

const wrong = (message: string): Read => ({ ok: false, message });

function readAnswer(question: Question, given: unknown): Read {
  const value = isBlank(given) ? null : given;
  if (value === null) return question.required ? wrong(missingMessage(question)) : { ok: true, value };
  return question.type === 'checkboxlist' ? readList(question, value) : readText(question, value);
}

function isBlank(given: unknown): boolean {
  if (given === undefined || given === null) return true;
  return typeof given === 'string' ? tidyProse(given) === '' : Array.isArray(given) && given.length === 0;
}

function readList({ label, options }: Question, given: unknown): Read {
  const isList = Array.isArray(given) && given.every((one): one is string => typeof one === 'string');
  if (!isList) return wrong(`Give a list of texts for “${short(label)}”`);
  const chosen = new Set(given.map((one) => optionIn(options, one)));
  if (chosen.has(undefined)) return wrong(offeredMessage(label, options));
  return { ok: true, value: options.filter((option) => chosen.has(option)) };
}

/** The option in the spelling of Acuity. */
function optionIn(options: string[], given: string): string | undefined {
  const wanted = tidyLine(given);
  return options.find((option) => option === given) ?? options.find((option) => tidyLine(option) === wanted);
}

function readText(question: Question, given: unknown): Read {
  const { label, type, options, required } = question;
  if (typeof given !== 'string') return wrong(`Give one text for “${short(label)}”`);
  const value = tidyAnswer(type, given);
  switch (type) {
    case 'dropdown': {
      const option = optionIn(options, value);
      return option === undefined ? wrong(offeredMessage(label, options)) : { ok: true, value: option };
    }
    case 'yesno':
    case 'checkbox':
      if (value !== 'yes' && value !== 'no') return wrong(`Answer yes or no to “${short(label)}”`);
      // A required checkbox must be ticked: "no" is not an answer.
      return type === 'checkbox' && required && value === 'no'
        ? wrong(missingMessage(question))
        : { ok: true, value };
    case 'file':
      if (value === uploadLater || isWebAddress(value)) return { ok: true, value };
      return wrong(`Give the web address of “${short(label)}”, like https://example.com/letter.pdf`);
    case 'text':
    case 'textarea':
    case 'address':
    case 'checkboxlist':
      break;
  }
  const message = textProblem(value, type);
  return message ? wrong(`“${short(label)}” ${message}`) : { ok: true, value };
}

function tidyAnswer(type: QuestionType, given: string): string {
  if (type === 'file') return withoutShapeless(given).trim();
  return type === 'textarea' || type === 'address' ? tidyProse(given) : tidyLine(given);
}

function textProblem(value: string, type: QuestionType): string | null {
  if (value.length > longest) return `must be ${longest} characters or fewer: it has ${value.length}`;
  if (type === 'text' && /[\n\t]/.test(value)) return 'must be one line';
  return hasInvisible(value, type === 'text' ? 'line' : 'prose')
    ? 'has invisible characters in it: type it instead of pasting it'
    : null;
}

/** Refuses a URL with user name and password: everybody could read them in Acuity. */
function isWebAddress(value: string): boolean {
  if (value.length > longest || hasInvisible(value, 'line') || !URL.canParse(value)) return false;
  const { protocol, username, password } = new URL(value);
  return /^https?:$/.test(protocol) && username === '' && password === '';
}

const missing: Record<QuestionType, (question: string) => string> = {
  text: (question) => `Enter an answer to ${question}`,
  textarea: (question) => `Enter an answer to ${question}`,
  address: (question) => `Enter an answer to ${question}`,
  dropdown: (question) => `Choose an answer to ${question}`,
  checkbox: (question) => `Tick ${question}: it is required`,
  checkboxlist: (question) => `Choose at least one answer to ${question}`,
  yesno: (question) => `Answer yes or no to ${question}`,
  file: (question) =>
    `Give the web address of ${question}, or “${uploadLater}” to upload it to the booking afterwards`,
};

function missingMessage({ label, type }: Question): string {
  return missing[type](`“${short(label)}”`);
}

function offeredMessage(label: string, options: string[]): string {
  const offered = options.length <= 6 ? `: ${options.map((option) => `“${short(option)}”`).join(', ')}` : '';
  return `Choose from what is offered for “${short(label)}”${offered}`;
}

/** Shortens a question that is a paragraph to a line. */
function short(label: string): string {
  return label.length <= 100 ? label : `${label.slice(0, 99).trimEnd()}…`;
}
