import { failure, ok, type Result } from '../lib/result.ts';
import { isMappable, type MappingSettings, type SeenField } from './mapping.ts';
import { effectiveMapping } from './mapping.view.ts';

/** `path`: `field-<id>` */
export interface ChoiceError {
  path: string;
  message: string;
}

/** The mapping to save: detail name → field id. */
export function checkChoices(
  deps: MappingSettings,
  fields: readonly SeenField[],
  saved: ReadonlyMap<string, number>,
  choices: ReadonlyMap<number, string>,
): Result<Map<string, number>, { reason: 'invalid'; errors: ChoiceError[] }> {
  const labels = new Map(deps.details().map(({ name, label }) => [name, label]));
  const { fixed, mapping } = effectiveMapping(deps, saved);
  const held = new Set(mapping.values());
  const nameOf = (id: number) => fields.find((field) => field.id === id)?.name || `Question ${id}`;
  const after = new Map<string, number>();
  const errors: ChoiceError[] = [];
  const refuse = (id: number, message: string) => errors.push({ path: `field-${id}`, message });
  for (const field of fields) {
    const { id } = field;
    if ((isMappable(field) || held.has(id)) && !fixed.has(id) && !choices.has(id))
      refuse(id, `Choose what “${nameOf(id)}” is`);
  }
  for (const [id, detail] of choices) {
    if (detail === '') continue;
    const label = labels.get(detail);
    const holder = after.get(detail);
    const field = fields.find((one) => one.id === id);
    const isOffered = (field && isMappable(field)) || saved.get(detail) === id;
    if (label === undefined) refuse(id, `Choose from the list what “${nameOf(id)}” is`);
    else if (fixed.has(id) || (detail === 'reference' && deps.referenceFieldId))
      refuse(id, `Which question holds “${label}” is set in the configuration`);
    else if (!isOffered) refuse(id, `“${nameOf(id)}” cannot hold “${label}”: only text questions can`);
    else if (holder !== undefined)
      refuse(id, `“${label}” is chosen twice: here and for the question “${nameOf(holder)}”`);
    else after.set(detail, id);
  }
  if (errors.length > 0) return failure({ reason: 'invalid', errors });
  // A question that is gone keeps its detail unless another question was chosen for it.
  for (const [name, id] of saved)
    if (!fields.some((field) => field.id === id) && !choices.has(id) && !after.has(name)) after.set(name, id);
  // The configuration overrides this row for now; it is kept for when the variable is removed.
  const reference = deps.referenceFieldId ? saved.get('reference') : undefined;
  if (reference !== undefined && ![...after.values()].includes(reference)) after.set('reference', reference);
  return ok(after);
}
