// Parses and renders the examinee's step. The bookings room lists the details and their rules; this file knows how each
// kind of input is shown and read.
import {
  detailIn,
  details,
  flatDetailsSchema,
  isBeforeToday,
  nameOf,
  nestDetails,
  type Detail,
  type DetailInput,
  type DraftDetails,
} from '../../bookings/index.ts';
import { dayInWords } from '../../lib/dates.ts';
import { readTypedDay } from '../../lib/typed-day.ts';
import { tidyLine } from '../../lib/typed-text.ts';
import type { FieldError } from '../../lib/result.ts';
import { fieldErrors, rawField, typed } from './fields.ts';

/** As typed, by the names of the inputs. */
export type ExamineeFormValues = Record<string, string>;

export type ExamineeFormResult =
  | { ok: true; values: ExamineeFormValues; draft: DraftDetails }
  | { ok: false; values: ExamineeFormValues; errors: FieldError[] };

/** A detail's input, ready for its schema; or an error found before the schema. */
type Sent = { ok: true; value: unknown } | { ok: false; message: string };

const dayParts = ['day', 'month', 'year'] as const;

/** @param required names of optional details that Acuity's form requires */
export function parseExamineeForm(body: unknown, required: readonly string[] = []): ExamineeFormResult {
  const values = Object.fromEntries(
    details.flatMap(inputNames).map((name): [string, string] => [name, typed(body, name)]),
  );
  const sent = details.map((detail) => ({ detail, sent: sentFor(detail, body) }));
  const parsed = flatDetailsSchema.safeParse(
    Object.fromEntries(sent.map((one) => [nameOf(one.detail), one.sent.ok ? one.sent.value : ''])),
  );
  const unreadable = sent.flatMap((one) =>
    one.sent.ok ? [] : [{ path: nameOf(one.detail), message: one.sent.message }],
  );
  const refused = parsed.success ? [] : fieldErrors(parsed.error).map(namedInSummary);
  const missing = parsed.success ? missingDetails(parsed.data, required) : [];
  const errors = [
    ...unreadable,
    ...missing.filter(({ path }) => !unreadable.some((one) => one.path === path)),
    // The schema saw an empty value for these fields, so its errors about them are wrong.
    ...refused.filter(({ path }) => !unreadable.some((one) => one.path === path)),
  ];
  if (errors.length > 0) return { ok: false, values, errors: inFormOrder(errors) };
  const draft = nestDetails((detail) => draftValue(detail, body, values)) as DraftDetails;
  return { ok: true, values, draft };
}

function missingDetails(given: Record<string, unknown>, required: readonly string[]): FieldError[] {
  return details
    .filter((detail) => required.includes(nameOf(detail)) && !given[nameOf(detail)])
    .map((detail) => ({
      path: nameOf(detail),
      message: `${detail.label}: the specialist’s form needs an answer`,
    }));
}

/** The draft's details as values of the inputs. */
export function examineeFormValues(draft: DraftDetails): ExamineeFormValues {
  return Object.assign(
    {},
    ...details.map((detail) =>
      inputValuesOf(detail, detailIn(draft, detail) ?? null, draft.examinee !== undefined),
    ),
  ) as ExamineeFormValues;
}

function inputNames(detail: Detail): string[] {
  const name = nameOf(detail);
  if (detail.input.as === 'day') return dayParts.map((part) => `${name}-${part}`);
  return detail.input.as === 'yesNo' ? [`${name}-answer`, name] : [name];
}

function inputValuesOf(detail: Detail, value: string | null, wasAnswered: boolean): ExamineeFormValues {
  const name = nameOf(detail);
  if (detail.input.as === 'yesNo') {
    const answer = value ? 'yes' : wasAnswered ? 'no' : '';
    return { [`${name}-answer`]: answer, [name]: value ?? '' };
  }
  if (detail.input.as !== 'day') return { [name]: value ?? '' };
  const [year = '', month = '', day = ''] = (value ?? '').split('-');
  return {
    [`${name}-day`]: day.replace(/^0/, ''),
    [`${name}-month`]: month.replace(/^0/, ''),
    [`${name}-year`]: year,
  };
}

function sentFor(detail: Detail, body: unknown): Sent {
  const name = nameOf(detail);
  if (detail.input.as === 'day') return readDayParts(body, name, detail.label);
  if (detail.input.as === 'yesNo') return readYesNo(body, name, detail.input);
  return { ok: true, value: rawField(body, name) };
}

function draftValue(detail: Detail, body: unknown, values: ExamineeFormValues): string {
  const sent = detail.input.as === 'day' ? sentFor(detail, body) : null;
  if (sent?.ok && typeof sent.value === 'string') return sent.value;
  return values[nameOf(detail)] ?? '';
}

/** Three boxes, or a whole date in one of them → `YYYY-MM-DD`; '' when all are empty. */
function readDayParts(body: unknown, name: string, label: string): Sent {
  const what = label.toLowerCase();
  const parts = dayParts.map((part) => ({
    part,
    text: tidyLine(typed(body, `${name}-${part}`)),
    isText: ['string', 'undefined'].includes(typeof rawField(body, `${name}-${part}`)),
  }));
  if (parts.some(({ isText }) => !isText)) return { ok: false, message: `Enter the ${what} as text` };
  const filled = parts.filter(({ text }) => text !== '');
  if (filled.length === 0) return { ok: true, value: '' };
  const day = readTypedDay(filled.map(({ text }) => text).join(' '));
  if (day.kind === 'day') return { ok: true, value: day.day };
  if (day.kind === 'short_year') return { ok: false, message: askForYear(day.days) };
  const missing = parts.filter((one) => !filled.includes(one)).map(({ part }) => part);
  return missing.length > 0
    ? { ok: false, message: `The ${what} must include a ${missing.join(' and a ')}` }
    : { ok: false, message: `The ${what} must be a real date, with the year in four digits` };
}

/** @param days what the date with a year of two digits can mean */
function askForYear(days: string[]): string {
  const past = days.filter(isBeforeToday);
  return `Enter the year in four digits. Do you mean ${past.map(dayInWords).join(' or ')}?`;
}

/** Without yes or no, the text decides: empty means no. */
function readYesNo(body: unknown, name: string, input: Extract<DetailInput, { as: 'yesNo' }>): Sent {
  const value = rawField(body, name);
  const isBlank = value === undefined || (typeof value === 'string' && tidyLine(value) === '');
  switch (rawField(body, `${name}-answer`) ?? '') {
    case 'yes':
      return isBlank ? { ok: false, message: input.missing } : { ok: true, value };
    case 'no':
      return isBlank ? { ok: true, value } : { ok: false, message: input.contradicted };
    case '':
      return { ok: true, value };
    default:
      return { ok: false, message: 'Choose yes or no' };
  }
}

/** Messages about prose name no field, because they appear beside it; in the error summary they need its label. */
function namedInSummary({ path, message }: FieldError) {
  const detail = details.find((one) => nameOf(one) === path);
  return detail?.input.as === 'prose'
    ? { path, message: `${detail.input.label ?? detail.label}: ${message}` }
    : { path, message };
}

function inFormOrder(errors: FieldError[]): FieldError[] {
  const order = details.map(nameOf);
  return errors.toSorted((a, b) => order.indexOf(a.path) - order.indexOf(b.path));
}

/** An input for the view; `path` is its name, and the id that the error summary links to. */
export type DetailField = { path: string; label: string; optional: boolean; hint?: string } & (
  | { kind: 'text'; type: string; width?: string; autocomplete: string; spellcheck: false }
  | { kind: 'prose'; rows: number }
  | { kind: 'day' }
  | { kind: 'yesNo'; box: string }
);

/** The inputs of the step in order; those of one row share a line. */
export function detailRows(required: readonly string[] = []): DetailField[][] {
  const rows: { name: string | undefined; fields: DetailField[] }[] = [];
  for (const detail of details) {
    const name = detail.input.as === 'text' ? detail.input.row : undefined;
    const last = rows.at(-1);
    if (name !== undefined && last?.name === name) last.fields.push(fieldOf(detail, required));
    else rows.push({ name, fields: [fieldOf(detail, required)] });
  }
  return rows.map(({ fields }) => fields);
}

function fieldOf(detail: Detail, required: readonly string[]): DetailField {
  const { input, label } = detail;
  const base = {
    path: nameOf(detail),
    label,
    optional: !detail.isNeeded && !required.includes(nameOf(detail)),
    ...(input.hint !== undefined && { hint: input.hint }),
  };
  switch (input.as) {
    case 'text':
      return {
        ...base,
        kind: 'text',
        type: input.type ?? 'text',
        autocomplete: 'off',
        spellcheck: false,
        ...(input.isShort && { width: 'phone' }),
      };
    case 'prose':
      return { ...base, kind: 'prose', label: input.label ?? label, rows: input.rows };
    case 'day':
      return { ...base, kind: 'day' };
    case 'yesNo':
      break;
  }
  return { ...base, kind: 'yesNo', label: input.question, box: input.box };
}
