// Which of Acuity's questions is which of our details, which are missing, and what changed since the last save.
import { createHash } from 'node:crypto';
import type { AcuityField, AcuityForm } from '../ports/acuity.ts';
import type { ExaminationType, Specialist } from '../specialists/index.ts';
import { fieldsOf } from './question.ts';

/** A detail that a question of Acuity can hold. */
export interface MappableDetail {
  /** Its name in `intake_fields`. */
  name: string;
  label: string;
  /** Phrases that identify its question: lower case, each with how certain it is (1 to 3). */
  words: Record<string, number>;
}

/**
 * Our details are texts, so other types cannot hold them; the answer to an address becomes the appointment's location.
 */
const mappableTypes: readonly AcuityField['type'][] = ['textbox', 'textarea', 'dropdown'];

/** An examination that one of our specialists offers. */
export interface ServiceName {
  specialist: string;
  type: ExaminationType;
}

/** A question as it was when the mapping was saved. */
export interface SeenField {
  id: number;
  form: string;
  name: string;
  type: AcuityField['type'];
  required: boolean;
  isInternal: boolean;
}

export interface MappingField extends SeenField {
  detail: string | null;
  /** The name of the variable that sets this question, which then cannot be chosen here. */
  fixedBy: 'ACUITY_REFERENCE_FIELD_ID' | 'REFERRER_FIELD_ID' | null;
  suggestion: string | null;
  /** Changes since the mapping was saved; `was` holds the earlier values. */
  change: { kind: 'new' } | { kind: 'changed'; was: Partial<SeenField> } | null;
  /** False: the question can keep its detail, but get no other. */
  isMappable: boolean;
}

export interface MappingForm {
  id: number;
  name: string;
  isInternal: boolean;
  /** The examinations of our active specialists that ask it. */
  services: ServiceName[];
  hasAllServices: boolean;
  fields: MappingField[];
}

export interface MappingDetail {
  name: string;
  label: string;
  fieldId: number | null;
  /** The examinations whose appointment type lacks its question; all of them when it has none. */
  lacking: ServiceName[];
}

/** A question that Acuity no longer has. `name` null: it was mapped before the mapping was first saved here. */
export interface RemovedField {
  id: number;
  form: string | null;
  name: string | null;
  detail: string | null;
  fixedBy: MappingField['fixedBy'];
}

export interface MappingView {
  /** The forms in Acuity's order; null: they were never read. */
  forms: MappingForm[] | null;
  asOf: Date | null;
  /** A newer read was wanted, and Acuity cannot be read at the moment. */
  isStale: boolean;
  removed: RemovedField[];
  /** Every detail, in the order of booking.details.ts. */
  details: MappingDetail[];
  /** How many examinations there are: pairs of an active specialist and a type. */
  serviceCount: number;
  saved: { by: string; at: Date } | null;
  /** Identifies what is shown; sent back with the choices. */
  token: string;
}

/** The details, and the questions that an admin cannot choose. */
export interface MappingSettings {
  /** The details that a question may hold, in order; read at each call. */
  details: () => MappableDetail[];
  /** ACUITY_REFERENCE_FIELD_ID */
  referenceFieldId?: number | undefined;
  /** REFERRER_FIELD_ID */
  referrerFieldId?: number | undefined;
}

export interface Service extends ServiceName {
  appointmentTypeId: number;
}

/** The examinations of active specialists. */
export function servicesOf(specialists: readonly Specialist[]): Service[] {
  return specialists.flatMap(({ name, services }) =>
    services.map(({ type, acuityAppointmentTypeId }) => ({
      specialist: name,
      type,
      appointmentTypeId: acuityAppointmentTypeId,
    })),
  );
}

/** Every question once, in Acuity's order: a question can be on several forms. */
export function seenFields(forms: readonly AcuityForm[]): SeenField[] {
  const byId = new Map<number, SeenField>();
  for (const { name: form, isInternal, fields } of forms)
    for (const { id, name, type, required } of fields)
      if (!byId.has(id)) byId.set(id, { id, form, name, type, required, isInternal });
  return [...byId.values()];
}

export function isMappable({ type }: Pick<AcuityField, 'type'>): boolean {
  return mappableTypes.includes(type);
}

const compared = ['name', 'type', 'required', 'isInternal'] as const;

/** @param seen the questions when the mapping was saved; null: it never was, and nothing counts as changed */
export function changeOf(
  field: SeenField,
  seen: ReadonlyMap<number, SeenField> | null,
): MappingField['change'] {
  if (!seen) return null;
  const before = seen.get(field.id);
  if (!before) return { kind: 'new' };
  const was = Object.fromEntries(
    compared.filter((part) => before[part] !== field[part]).map((part) => [part, before[part]]),
  ) as Partial<SeenField>;
  return Object.keys(was).length > 0 ? { kind: 'changed', was } : null;
}

/** Questions of the last save, or with a detail, that Acuity no longer has. */
export function removedFields(
  present: readonly SeenField[],
  seen: readonly SeenField[],
  mapping: ReadonlyMap<string, number>,
  fixed: ReadonlyMap<number, NonNullable<MappingField['fixedBy']>>,
): RemovedField[] {
  const ids = new Set(present.map(({ id }) => id));
  const detailOf = new Map([...mapping].map(([name, id]) => [id, name]));
  const known = seen.filter(({ id }) => !ids.has(id));
  const unknown = [...detailOf.keys()].filter(
    (id) => !ids.has(id) && !known.some((field) => field.id === id),
  );
  const nothing = { form: null, name: null };
  return [...known, ...unknown.map((id) => ({ id, ...nothing }))].map(({ id, form, name }) => ({
    id,
    form,
    name,
    detail: detailOf.get(id) ?? null,
    fixedBy: fixed.get(id) ?? null,
  }));
}

/** The examinations whose appointment type lacks the question; all of them when the question is null. */
export function lackingServices(
  forms: readonly AcuityForm[],
  services: readonly Service[],
  fieldId: number | null,
): Service[] {
  return services.filter(
    ({ appointmentTypeId }) =>
      fieldId === null || !fieldsOf(forms, appointmentTypeId).some(({ id }) => id === fieldId),
  );
}

/** What goes wrong when an examination's appointment type lacks our reference. */
export const costsOfNoReference: readonly string[] = [
  'When Acuity’s answer to a booking is lost, the appointment is looked for by the referrer’s e-mail address and the exact time. That is slower, and staff may have to settle it by hand.',
  'An appointment in Acuity cannot be matched to a booking by its reference.',
];

/** Equal exactly when the mapping and the questions are equal. */
export function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64url').slice(0, 22);
}

export function digestOfMapping(mapping: ReadonlyMap<string, number>): string {
  return digestOf([...mapping].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
