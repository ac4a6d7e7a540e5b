import type { KnownForms } from './form.reads.ts';
import type { SavedMapping } from './mapping.repository.ts';
import { suggestDetails } from './mapping.suggest.ts';
import {
  changeOf,
  digestOf,
  digestOfMapping,
  isMappable,
  lackingServices,
  removedFields,
  seenFields,
  type MappingField,
  type MappingForm,
  type MappingSettings,
  type MappingView,
  type SeenField,
  type Service,
  type ServiceName,
} from './mapping.ts';

interface Given {
  known: KnownForms | null;
  last: SavedMapping | null;
  mapping: ReadonlyMap<string, number>;
  services: Service[];
}

type Fixed = ReadonlyMap<number, NonNullable<MappingField['fixedBy']>>;

/** The effective mapping: as saved, unless the configuration overrides it. `fixed`: by field id. */
export function effectiveMapping(
  { referenceFieldId, referrerFieldId }: Omit<MappingSettings, 'details'>,
  saved: ReadonlyMap<string, number>,
): { mapping: Map<string, number>; fixed: Fixed } {
  const fixed = new Map<number, NonNullable<MappingField['fixedBy']>>();
  if (referrerFieldId) fixed.set(referrerFieldId, 'REFERRER_FIELD_ID');
  if (referenceFieldId) fixed.set(referenceFieldId, 'ACUITY_REFERENCE_FIELD_ID');
  const mapping = new Map([...saved].filter(([, id]) => !fixed.has(id)));
  if (referenceFieldId) mapping.set('reference', referenceFieldId);
  return { mapping, fixed };
}

export function buildMapping(
  deps: MappingSettings,
  { known, last, mapping: saved, services }: Given,
): MappingView {
  const { mapping, fixed } = effectiveMapping(deps, saved);
  const forms = known?.forms ?? [];
  const details = deps.details();
  const present = seenFields(forms);
  const free = details.filter(({ name }) => !mapping.has(name));
  const taken = new Set([...mapping.values(), ...fixed.keys()]);
  const suggestions = suggestDetails(
    forms.flatMap(({ fields }) => fields).filter(({ id }) => !taken.has(id)),
    free,
    (id) => services.length - lackingServices(forms, services, id).length,
  );
  const detailOf = new Map([...mapping].map(([name, id]) => [id, name]));
  const seen = last && new Map(last.seen.map((field) => [field.id, field]));
  const fieldOf = (field: SeenField): MappingField => ({
    ...field,
    detail: detailOf.get(field.id) ?? null,
    fixedBy: fixed.get(field.id) ?? null,
    suggestion: suggestions.get(field.id) ?? null,
    change: changeOf(field, seen),
    isMappable: isMappable(field),
  });
  const shown = new Set<number>();
  return {
    forms:
      known &&
      forms.map((form): MappingForm => {
        const fields = present.filter(({ id }) => form.fields.some((one) => one.id === id) && !shown.has(id));
        for (const { id } of fields) shown.add(id);
        const having = services.filter(({ appointmentTypeId }) =>
          form.appointmentTypeIds.includes(appointmentTypeId),
        );
        return {
          id: form.id,
          name: form.name,
          isInternal: form.isInternal,
          services: having.map(nameOf),
          hasAllServices: having.length === services.length,
          fields: fields.map(fieldOf),
        };
      }),
    asOf: known?.asOf ?? null,
    isStale: known?.isStale ?? true,
    removed: known ? removedFields(present, last?.seen ?? [], mapping, fixed) : [],
    details: details.map(({ name, label }) => {
      const fieldId = mapping.get(name) ?? null;
      return { name, label, fieldId, lacking: lackingServices(forms, services, fieldId).map(nameOf) };
    }),
    serviceCount: services.length,
    saved: last && { by: last.savedBy, at: last.savedAt },
    token: tokenOf(last?.version ?? 0, saved, present).text,
  };
}

const nameOf = ({ specialist, type }: Service): ServiceName => ({ specialist, type });

/** A token that changes when the mapping or the questions change. */
export function tokenOf(
  version: number,
  mapping: ReadonlyMap<string, number>,
  fields: readonly SeenField[],
): { text: string; hasMapping(token: string): boolean; hasFields(token: string): boolean } {
  const parts = [String(version), digestOfMapping(mapping), digestOf(fields)];
  const isAt = (token: string, index: number) => token.split('.')[index] === parts[index];
  return {
    text: parts.join('.'),
    hasMapping: (token) => isAt(token, 0) && isAt(token, 1),
    hasFields: (token) => isAt(token, 2),
  };
}

/** The save that was shown; 0 when there was none, or the token is not one of ours. */
export function versionIn(token: string): number {
  const [version = ''] = token.split('.');
  return /^\d{1,9}$/.test(version) ? Number(version) : 0;
}
