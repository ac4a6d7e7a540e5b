// Every detail of an examination, listed once. The row, the JSON, the forms, Acuity's intake answers, the console and
// the mails are derived from this list; a new detail is one entry here and one migration.
import { z } from 'zod';
import type { Detail, DetailFilter } from './booking.detail.ts';
import { isEmail, tidyEmail } from '../lib/typed-email.ts';
import { isPhone, readPhone } from './booking.phone.ts';
import {
  dateOfBirthSchema,
  emailSchema,
  lineSchema,
  nameSchema,
  notesSchema,
  optional,
  optionalNameSchema,
  phoneSchema,
  readDayOfBirth,
  isNone,
  readLanguage,
} from './booking.text.ts';

/** In the order they have in the form. */
const entries = [
  {
    path: 'examinee.firstName',
    column: 'examinee_first_name',
    label: 'First name',
    schema: optionalNameSchema('first name'),
    json: z.string().describe('Empty where the person has one name only'),
    absent: '',
    isNeeded: false,
    isName: true,
    isHealth: true,
    intake: {
      name: 'examinee_first_name',
      words: { 'first name': 3, 'given name': 3, 'given names': 3, forename: 3, firstname: 3 },
    },
    input: { as: 'text', row: 'name', hint: 'Leave it empty if the person has one name only' },
    inMail: false,
    inConsole: false,
    inDigests: 'always',
  },
  {
    path: 'examinee.lastName',
    column: 'examinee_last_name',
    label: 'Last name',
    schema: nameSchema('last name'),
    json: z.string(),
    absent: '',
    isNeeded: true,
    isName: true,
    isHealth: true,
    intake: {
      name: 'examinee_last_name',
      words: { 'last name': 3, surname: 3, 'family name': 3, lastname: 3 },
    },
    input: { as: 'text', row: 'name' },
    inMail: false,
    inConsole: false,
    inDigests: 'always',
  },
  {
    path: 'examinee.phone',
    column: 'examinee_phone',
    label: 'Phone',
    schema: phoneSchema,
    json: z
      .string()
      .describe('E.164, with ;ext= where it has an extension; as typed in Acuity where it cannot be read'),
    absent: '',
    isNeeded: true,
    isReadable: isPhone,
    isHealth: true,
    intake: {
      name: 'examinee_phone',
      words: {
        'phone number': 3,
        phone: 2,
        telephone: 3,
        'telephone number': 3,
        mobile: 2,
        'mobile phone': 3,
        'mobile number': 3,
        'contact number': 2,
      },
      read: (typed) => readPhone(typed) ?? typed,
    },
    input: {
      as: 'text',
      type: 'tel',
      hint: 'For a number outside Australia, start with + and the country’s code',
      isShort: true,
    },
    inMail: false,
    inConsole: true,
    inDigests: 'always',
  },
  {
    path: 'examinee.email',
    column: 'examinee_email',
    label: 'E-mail address',
    schema: optional(emailSchema),
    json: z.string().nullable(),
    absent: null,
    isNeeded: false,
    isReadable: isEmail,
    isHealth: true,
    intake: {
      name: 'examinee_email',
      words: { email: 3, 'email address': 3 },
      read: (answer) => (isNone(answer) ? null : tidyEmail(answer)),
    },
    input: { as: 'text', type: 'email' },
    inMail: false,
    inConsole: true,
    inDigests: 'always',
  },
  {
    path: 'examinee.dateOfBirth',
    column: 'examinee_date_of_birth',
    label: 'Date of birth',
    schema: optional(dateOfBirthSchema),
    json: z.iso.date().nullable(),
    absent: null,
    isNeeded: false,
    isHealth: true,
    intake: {
      name: 'examinee_date_of_birth',
      words: { 'date of birth': 3, dob: 3, 'birth date': 3, birthdate: 3, birthday: 2, born: 1 },
      read: (answer) => (isNone(answer) ? null : readDayOfBirth(answer)),
    },
    input: { as: 'day', hint: 'For example, 27 3 1984 or 27 March 1984' },
    inMail: false,
    inConsole: true,
    inDigests: 'always',
  },
  {
    path: 'examinee.interpreterLanguage',
    column: 'interpreter_language',
    label: 'Interpreter language',
    schema: optional(lineSchema('the interpreter’s language', 60)),
    json: z.string().nullable().describe('null: no interpreter is needed'),
    absent: null,
    isNeeded: false,
    isHealth: true,
    intake: {
      name: 'interpreter_language',
      words: { 'interpreter language': 3, 'preferred language': 3, interpreter: 2, language: 2 },
      read: readLanguage,
    },
    input: {
      as: 'yesNo',
      question: 'Does the examinee need an interpreter?',
      box: 'Language',
      missing: 'Enter the language of the interpreter, or choose No',
      contradicted: 'Choose Yes if an interpreter is needed, or empty the language',
      hintForStaff: 'Empty: no interpreter is needed',
    },
    inMail: true,
    inConsole: true,
    inDigests: 'whenSet',
    absentWords: 'No interpreter needed',
    filter: {
      name: 'interpreter',
      label: 'Interpreter',
      yes: 'Interpreter needed',
      no: 'No interpreter needed',
    },
  },
  {
    path: 'claimNumber',
    column: 'claim_number',
    label: 'Claim number',
    schema: optional(lineSchema('the claim number', 60)),
    json: z.string().nullable(),
    absent: null,
    isNeeded: false,
    isHealth: true,
    intake: {
      name: 'claim_number',
      words: {
        'claim number': 3,
        'claim no': 3,
        'claim reference': 3,
        'claim ref': 3,
        'claim id': 3,
        claim: 1,
      },
    },
    input: { as: 'text', isShort: true },
    inMail: true,
    inConsole: true,
    inDigests: 'always',
  },
  {
    path: 'notes',
    column: 'notes',
    label: 'Notes',
    schema: notesSchema,
    json: z.string(),
    absent: '',
    isNeeded: false,
    isHealth: true,
    intake: null,
    input: {
      as: 'prose',
      label: 'Notes for the agency',
      hint: 'Access to the building, someone who comes along, anything the day depends on',
      rows: 4,
    },
    inMail: false,
    inConsole: true,
    inDigests: 'always',
  },
] as const satisfies readonly Detail[];

/** In the order they have in the form. */
export const details: readonly Detail[] = entries;

type AnyDetail = (typeof entries)[number];
type ExamineeDetail = Extract<AnyDetail, { path: `examinee.${string}` }>;
type CaseDetail = Exclude<AnyDetail, ExamineeDetail>;
type NameOf<Path extends string> = Path extends `examinee.${infer Name}` ? Name : Path;
type ValueOf<D extends Pick<Detail, 'schema'>> = z.output<D['schema']>;

export type DetailIntakeName = NonNullable<AnyDetail['intake']>['name'];
type FilterNameOf<D> = D extends { filter: { name: infer Name extends string } } ? Name : never;
export type DetailFilterName = FilterNameOf<AnyDetail>;
/** List filters: bookings that have the detail, or that do not. */
export type DetailFilters = { [Name in DetailFilterName]?: 'yes' | 'no' | undefined };

/** The keys that hold details in a booking, a request and a draft. */
export type DetailKey = 'examinee' | CaseDetail['path'];

export type Examinee = { [D in ExamineeDetail as NameOf<D['path']>]: ValueOf<D> };
type CaseDetails = { [D in CaseDetail as D['path']]: ValueOf<D> };

export interface BookingDetails extends CaseDetails {
  examinee: Examinee;
}

/** Some of the details: from Acuity's answers, or those that a change sets. */
export interface PartialDetails extends Partial<CaseDetails> {
  examinee?: Partial<Examinee>;
}

/** Details as typed, not parsed. */
export type DraftDetails = { examinee?: Record<keyof Examinee, string> } & {
  [Path in CaseDetail['path']]?: string;
};

export type DetailColumns = { [D in AnyDetail as D['column']]: ValueOf<D> };

type Shape<D extends AnyDetail, Kind extends 'schema' | 'json'> = {
  [Each in D as NameOf<Each['path']>]: Each[Kind];
};

export function nameOf({ path }: Pick<Detail, 'path'>): string {
  return path.slice(path.lastIndexOf('.') + 1);
}

export function isOfExaminee({ path }: Pick<Detail, 'path'>): boolean {
  return path.startsWith('examinee.');
}

/** Shape for `z.object`: parses or describes the examinee's details. */
export function examineeShape<Kind extends 'schema' | 'json'>(kind: Kind): Shape<ExamineeDetail, Kind> {
  return shapeOf(details.filter(isOfExaminee), kind) as Shape<ExamineeDetail, Kind>;
}

/** Shape for `z.object`: the details outside `examinee`. */
export function caseShape<Kind extends 'schema' | 'json'>(kind: Kind): Shape<CaseDetail, Kind> {
  return shapeOf(
    details.filter((detail) => !isOfExaminee(detail)),
    kind,
  ) as Shape<CaseDetail, Kind>;
}

function shapeOf(some: readonly Detail[], kind: 'schema' | 'json'): object {
  return Object.fromEntries(some.map((detail) => [nameOf(detail), detail[kind]]));
}

/** Undefined when the object does not have this detail. */
export function detailIn(given: object | undefined, detail: Pick<Detail, 'path'>): string | null | undefined {
  const record = given as Record<string, unknown> | undefined;
  const holder = isOfExaminee(detail) ? (record?.examinee as Record<string, unknown> | undefined) : record;
  return holder?.[nameOf(detail)] as string | null | undefined;
}

/** Nested as in JSON. Leaves out details for which `read` returns undefined. */
export function nestDetails(read: (detail: Detail) => string | null | undefined): PartialDetails {
  const present = details.flatMap((detail) => {
    const value = read(detail);
    return value === undefined ? [] : [{ detail, value }];
  });
  const entriesOf = (some: typeof present) =>
    Object.fromEntries(some.map(({ detail, value }) => [nameOf(detail), value]));
  const examinee = present.filter(({ detail }) => isOfExaminee(detail));
  return {
    ...(examinee.length > 0 && { examinee: entriesOf(examinee) }),
    ...entriesOf(present.filter(({ detail }) => !isOfExaminee(detail))),
  };
}

/** Each detail: its `absent` value when `read` returns undefined or null. */
export function allDetails(read: (detail: Detail) => string | null | undefined): BookingDetails {
  return nestDetails((detail) => read(detail) ?? detail.absent) as BookingDetails;
}

/** Does what `allDetails` does, without making arrays: it runs for each row of each list. */
export function detailsOfRow(row: DetailColumns): BookingDetails {
  const examinee: Record<string, string | null> = {};
  const ofCase: Record<string, string | null> = {};
  places ??= details.map(placeOf);
  for (const [isTheirs, name, column, absent] of places)
    (isTheirs ? examinee : ofCase)[name] = row[column] ?? absent;
  return { examinee, ...ofCase } as unknown as BookingDetails;
}

const placeOf = (detail: Detail) =>
  [isOfExaminee(detail), nameOf(detail), detail.column as keyof DetailColumns, detail.absent] as const;
let places: ReturnType<typeof placeOf>[] | null = null;

/** Maps the given details only. */
export function columnsOf(given: PartialDetails): Partial<DetailColumns> {
  return Object.fromEntries(
    details.flatMap((detail) => {
      const value = detailIn(given, detail);
      return value === undefined ? [] : [[detail.column, value]];
    }),
  );
}

/** A value for every column. */
export function detailRowOf(given: BookingDetails): Record<string, string | null> {
  return Object.fromEntries(
    details.map((detail) => [detail.column, detailIn(given, detail) ?? detail.absent]),
  );
}

/** The given details that differ from the booking's. */
export function changedDetails(booking: BookingDetails, given: PartialDetails): PartialDetails {
  return nestDetails((detail) => {
    const value = detailIn(given, detail);
    return value === detailIn(booking, detail) ? undefined : value;
  });
}

export function lacksDetails(booking: BookingDetails): boolean {
  return lackedDetails(booking).length > 0;
}

/** The needed details that are missing, and those that cannot be read. */
export function lackedDetails(booking: BookingDetails): Detail[] {
  return details.filter((detail) => {
    const value = detailIn(booking, detail);
    return value ? detail.isReadable?.(value) === false : detail.isNeeded;
  });
}

/** The examinee's full name, without a leading blank when there is one name only. */
export function examineeName({ firstName, lastName }: Pick<Examinee, 'firstName' | 'lastName'>): string {
  return [firstName, lastName].filter(Boolean).join(' ');
}

export function detailKeys(): DetailKey[] {
  return [
    ...new Set(details.map((detail) => (isOfExaminee(detail) ? 'examinee' : detail.path))),
  ] as DetailKey[];
}

/** The details of a request, an attempt or a draft, nested as there. */
export function detailsIn<Given extends { [Key in DetailKey]?: unknown }>(
  given: Given,
): { [Key in DetailKey]: Given[Key] } {
  return Object.fromEntries(detailKeys().map((key) => [key, given[key]])) as {
    [Key in DetailKey]: Given[Key];
  };
}

/** The details as the form shows them, as if somebody had typed them. */
export function asTyped(booking: BookingDetails): DraftDetails {
  return nestDetails((detail) => detailIn(booking, detail) ?? '') as DraftDetails;
}

export function detailFilters(): (DetailFilter & { column: string })[] {
  return details.flatMap(({ filter, column }) => (filter ? [{ ...filter, column }] : []));
}

/** Which of these filters the query sets. */
export function filterValue(
  query: DetailFilters,
  { name }: Pick<DetailFilter, 'name'>,
): 'yes' | 'no' | undefined {
  return (query as Record<string, 'yes' | 'no' | undefined>)[name];
}

/** Shape for `z.object`: `schema` under each filter's name. */
export function filterShape<Schema extends z.ZodType>(schema: Schema): Record<DetailFilterName, Schema> {
  return Object.fromEntries(detailFilters().map(({ name }) => [name, schema])) as Record<
    DetailFilterName,
    Schema
  >;
}

/** For a request's hash: equal details give equal parts. */
export function hashedDetails(request: BookingDetails): unknown[] {
  const always = details.filter(({ inDigests }) => inDigests === 'always');
  return [
    always.filter(isOfExaminee).map((detail) => detailIn(request, detail)),
    ...always.filter((detail) => !isOfExaminee(detail)).map((detail) => detailIn(request, detail)),
    ...lateDetailsOf(request).map(({ path, value }) => [path, value]),
  ];
}

/** For the earlier digest of Acuity's last answers: details that Acuity knows, by name. */
export function digestedDetails(given: PartialDetails): Record<string, string | null> {
  const inAcuity = details.filter(({ intake, inDigests }) => intake && inDigests === 'always');
  return Object.fromEntries([
    ...inAcuity.map((detail) => [nameOf(detail), detailIn(given, detail) ?? null]),
    ...lateDetailsOf(given).map(({ path, value }) => [path, value]),
  ]) as Record<string, string | null>;
}

function lateDetailsOf(given: PartialDetails): { path: string; value: string }[] {
  return details.flatMap((detail) => {
    const value = detail.inDigests === 'whenSet' ? detailIn(given, detail) : undefined;
    return value ? [{ path: detail.path, value }] : [];
  });
}
