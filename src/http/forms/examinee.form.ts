// The examinee's step: what was typed, and what it means. The rules are the bookings room's own.
import { flatDetailsSchema, type DraftData } from '../../bookings/index.ts';
import { calendarDay, fieldErrors, rawField, typed } from './fields.ts';

const names = [
  'firstName',
  'lastName',
  'phone',
  'email',
  'dateOfBirth-day',
  'dateOfBirth-month',
  'dateOfBirth-year',
  'claimNumber',
  'notes',
] as const;

/** As typed, for the boxes. */
export type ExamineeFormValues = Record<(typeof names)[number], string>;

type FieldErrors = { path: string; message: string }[];

export type ExamineeFormResult =
  | { ok: true; values: ExamineeFormValues; draft: Pick<DraftData, 'examinee' | 'claimNumber' | 'notes'> }
  | { ok: false; values: ExamineeFormValues; errors: FieldErrors };

export function parseExamineeForm(body: unknown): ExamineeFormResult {
  const values = Object.fromEntries(names.map((name) => [name, typed(body, name)])) as ExamineeFormValues;
  const dateOfBirth = parseDayParts(body);
  const parsed = flatDetailsSchema.safeParse({
    firstName: rawField(body, 'firstName'),
    lastName: rawField(body, 'lastName'),
    phone: rawField(body, 'phone'),
    email: rawField(body, 'email'),
    dateOfBirth: dateOfBirth.ok ? dateOfBirth.day : '',
    claimNumber: rawField(body, 'claimNumber'),
    notes: rawField(body, 'notes'),
  });
  const errors = [
    ...(parsed.success ? [] : fieldErrors(parsed.error).map(namedInSummary)),
    ...(dateOfBirth.ok ? [] : [{ path: 'dateOfBirth', message: dateOfBirth.message }]),
  ];
  if (errors.length > 0) return { ok: false, values, errors: inFormOrder(errors) };
  const { firstName, lastName, phone, email, claimNumber, notes } = values;
  const day = dateOfBirth.ok ? dateOfBirth.day : '';
  return {
    ok: true,
    values,
    draft: { examinee: { firstName, lastName, phone, email, dateOfBirth: day }, claimNumber, notes },
  };
}

/** What the draft holds, back in its boxes. */
export function examineeFormValues(draft: DraftData): ExamineeFormValues {
  const [year = '', month = '', day = ''] = (draft.examinee?.dateOfBirth ?? '').split('-');
  return {
    firstName: draft.examinee?.firstName ?? '',
    lastName: draft.examinee?.lastName ?? '',
    phone: draft.examinee?.phone ?? '',
    email: draft.examinee?.email ?? '',
    'dateOfBirth-day': day.replace(/^0/, ''),
    'dateOfBirth-month': month.replace(/^0/, ''),
    'dateOfBirth-year': year,
    claimNumber: draft.claimNumber ?? '',
    notes: draft.notes ?? '',
  };
}

type DayParts = { ok: true; day: string } | { ok: false; message: string };

/** Three boxes → `YYYY-MM-DD`, or '' when all are empty. */
function parseDayParts(body: unknown): DayParts {
  const parts = (['day', 'month', 'year'] as const).map((part) => ({
    part,
    text: typed(body, `dateOfBirth-${part}`).trim(),
    isText: ['string', 'undefined'].includes(typeof rawField(body, `dateOfBirth-${part}`)),
  }));
  if (parts.some(({ isText }) => !isText))
    return { ok: false, message: 'Enter the date of birth as numbers' };
  const missing = parts.filter(({ text }) => text === '').map(({ part }) => part);
  if (missing.length === 3) return { ok: true, day: '' };
  if (missing.length > 0)
    return { ok: false, message: `The date of birth must include a ${missing.join(' and a ')}` };
  const [day = '', month = '', year = ''] = parts.map(({ text }) => text);
  const iso = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  return calendarDay.safeParse(iso).success
    ? { ok: true, day: iso }
    : { ok: false, message: 'The date of birth must be a real date, with the year in four digits' };
}

/** A complaint that relies on standing below its box is given its subject for the summary. */
function namedInSummary({ path, message }: { path: string; message: string }) {
  return path === 'notes' ? { path, message: `Notes for the agency: ${message}` } : { path, message };
}

const order = ['firstName', 'lastName', 'phone', 'email', 'dateOfBirth', 'claimNumber', 'notes'];

function inFormOrder(errors: FieldErrors): FieldErrors {
  return errors.toSorted((a, b) => order.indexOf(a.path) - order.indexOf(b.path));
}
