// The question of one detail, of those that hold no other. The mapping is saved as a whole.
import { invalidField, type InvalidFields, ok, type Result } from '../lib/result.ts';
import type { MappingField, MappingForm, MappingView } from './mapping.ts';

export interface MappingChoices {
  token: string;
  /** Field id → name of a detail, or empty for none. Covers every question that was shown with a choice. */
  choices: ReadonlyMap<number, string>;
  /** The questions that were looked at, of which no change needs attention any more; left out: all. */
  confirms?: ReadonlySet<number>;
}

export interface OneChoice {
  token: string;
  /** The name of a detail. */
  detail: string;
  /** The id of its question as it was sent; empty: none. */
  question: unknown;
}

/** The forms, each with the questions that hold the detail or can. */
export function formsFor({ forms }: MappingView, detail: string): MappingForm[] {
  const isOffered = ({ detail: held, fixedBy, isMappable }: MappingField) =>
    fixedBy === null && (held === detail || (held === null && isMappable));
  return (forms ?? []).map((form) => ({ ...form, fields: form.fields.filter(isOffered) }));
}

/** All choices as they are but for this detail. Only its question counts as looked at: new ones still need attention. */
export function wholeWith(
  view: MappingView,
  { token, detail, question }: OneChoice,
): Result<MappingChoices, InvalidFields> {
  const before = view.details.find(({ name }) => name === detail)?.fieldId ?? null;
  // Another detail does not lose its question here.
  const offered = formsFor(view, detail).flatMap(({ fields }) => fields.map(({ id }) => id));
  const chosen = [before, ...offered].find((id) => id !== null && String(id) === question);
  if (chosen === undefined && question !== '')
    return invalidField('question', 'Choose a question from the list');
  const choices = new Map<number, string>();
  for (const { id, detail: held, fixedBy, isMappable } of (view.forms ?? []).flatMap(({ fields }) => fields))
    if (fixedBy === null && (isMappable || held !== null)) choices.set(id, held ?? '');
  // Also a question that is gone, which keeps its detail unless something else is said of it.
  if (before !== null) choices.set(before, '');
  if (chosen) choices.set(chosen, detail);
  return ok({ token, choices, confirms: new Set(chosen ? [chosen] : []) });
}
