// Which of Acuity's questions is which of our details: what there is, what is missing, what changed since it was saved.
import { createHash } from 'node:crypto';
import type { AcuityField, AcuityForm } from '../ports/acuity.ts';
import type { ExaminationType, Specialist } from '../specialists/index.ts';
import { fieldsOf } from './question.ts';

/** A detail that a question of Acuity can hold. */
export interface MappableDetail {
  /** In `intake_fields`. */
  name: string;
  label: string;
  /** By which its question is recognised: phrases in small letters, each with how sure it is (1 to 3). */
  words: Record<string, number>;
}

/** Our details are texts: other questions take none. An answered address becomes the appointment's location. */
const mappableTypes: readonly AcuityField['type'][] = ['textbox', 'textarea', 'dropdown'];

/** An examination that a specialist of ours offers. */
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
  /** Set in the configuration, and not to be chosen here: the variable's name. */
  fixedBy: 'ACUITY_REFERENCE_FIELD_ID' | 'REFERRER_FIELD_ID' | null;
  suggestion: string | null;
  /** Since the mapping was saved; `was`: what differed then. */
  change: { kind: 'new' } | { kind: 'changed'; was: Partial<SeenField> } | null;
  /** False: it may keep the detail that it has, and get no other. */
  isMappable: boolean;
}

export interface MappingForm {
  id: number;
  name: string;
  isInternal: boolean;
  /** The examinations of our active specialists that have it. */
  services: ServiceName[];
  hasAllServices: boolean;
  fields: MappingField[];
}

export interface MappingDetail {
  name: string;
  label: string;
  fieldId: number | null;
  /** The examinations whose appointment type does not have its question; all where it has none. */
  lacking: ServiceName[];
}

/** No longer in Acuity; `name` null: it was mapped before the mapping was ever saved here. */
export interface RemovedField {
  id: number;
  form: string | null;
  name: string | null;
  detail: string | null;
  fixedBy: MappingField['fixedBy'];
}

export interface MappingView {
  /** In Acuity's order; null: they were never read. */
  forms: MappingForm[] | null;
  asOf: Date | null;
  /** Newer ones were wanted, and Acuity cannot be read at the moment. */
  isStale: boolean;
  removed: RemovedField[];
  /** In their order. */
  details: MappingDetail[];
  /** How many examinations there are: pairs of an active specialist and a type. */
  serviceCount: number;
  saved: { by: string; at: Date } | null;
  /** Of what is shown: to be sent back with what is chosen. */
  token: string;
}

/** What says which details there are, and which questions are not for an admin to choose. */
export interface MappingSettings {
  /** In their order, as they are when they are asked for. */
  details: () => MappableDetail[];
  /** ACUITY_REFERENCE_FIELD_ID */
  referenceFieldId?: number | undefined;
  /** REFERRER_FIELD_ID */
  referrerFieldId?: number | undefined;
}

export interface Service extends ServiceName {
  appointmentTypeId: number;
}

/** What the specialists offer who can be booked. */
export function servicesOf(specialists: readonly Specialist[]): Service[] {
  return specialists.flatMap(({ name, services }) =>
    services.map(({ type, acuityAppointmentTypeId }) => ({
      specialist: name,
      type,
      appointmentTypeId: acuityAppointmentTypeId,
    })),
  );
}

/** Every question once, in Acuity's order: one may stand on several forms. */
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

/** Of the questions of the last save, and of those that hold a detail, what Acuity does not have any more. */
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

/** The examinations whose appointment type lacks the question; null: no question, all of them. */
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

/** What it costs when an examination's appointment type does not have our reference. */
export const costsOfNoReference: readonly string[] = [
  'When Acuity’s answer to a booking is lost, the appointment is looked for by the referrer’s e-mail address and the exact time. That is slower, and staff may have to settle it by hand.',
  'An appointment in Acuity cannot be matched to a booking by its reference.',
];

/** Equal where the mapping and the questions are. */
export function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64url').slice(0, 22);
}

export function digestOfMapping(mapping: ReadonlyMap<string, number>): string {
  return digestOf([...mapping].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
