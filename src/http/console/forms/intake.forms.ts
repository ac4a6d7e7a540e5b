import { z } from 'zod';
import type { MappingField, MappingFailure, MappingView } from '../../../questions/index.ts';
import { conflict, invalid, notFound, parse, type Problem } from '../../problem.ts';
import { formField, type FormAction, type FormField } from './form.ts';

const choiceSchema = z.object({
  question: z.string('Choose a question').regex(/^(\d{1,15})?$/, 'Choose a question'),
});

const fieldsOf = ({ forms }: MappingView): MappingField[] => (forms ?? []).flatMap(({ fields }) => fields);

/** Questions that hold the detail, or can. */
function questionField(view: MappingView, name: string): FormField {
  const detail = view.details.find((one) => one.name === name);
  if (!detail) throw notFound();
  const isOffered = ({ detail: held, fixedBy, isMappable }: MappingField) =>
    fixedBy === null && (held === name || (held === null && isMappable));
  return formField('question', detail.label, detail.fieldId === null ? '' : String(detail.fieldId), {
    type: 'select',
    options: [
      { value: '', label: 'No question' },
      ...(view.forms ?? []).flatMap((form) =>
        form.fields
          .filter(isOffered)
          .map((field) => ({ value: String(field.id), label: `${form.name}: ${field.name}` })),
      ),
    ],
  });
}

/** All choices as they are but for this detail: the mapping is saved as a whole. */
function choicesWith(view: MappingView, name: string, chosen: string): Map<number, string> {
  const choices = new Map<number, string>();
  for (const { id, detail, fixedBy, isMappable } of fieldsOf(view))
    if (fixedBy === null && (isMappable || detail !== null))
      choices.set(id, detail === name ? '' : (detail ?? ''));
  // A question that is gone keeps its detail unless something else is said of it.
  const before = view.details.find((one) => one.name === name)?.fieldId;
  if (before) choices.set(before, '');
  if (chosen !== '') choices.set(Number(chosen), name);
  return choices;
}

/** Only the questions of this detail count as looked at: others that are new still need attention. */
const changeQuestion: FormAction = {
  async open({ mapping }, name) {
    const view = await mapping.last();
    return {
      intro:
        'The question of Acuity’s forms that holds this detail, of those that hold no other. The page Acuity questions shows all of them together, with suggestions.',
      version: view.token,
      fields: [questionField(view, name)],
    };
  },
  notice: 'Saved. It applies to every booking from now on',
  async send({ mapping }, actor, name, { version, values }) {
    const { question } = parse(choiceSchema, values);
    const view = await mapping.last();
    const { value, options = [] } = questionField(view, name);
    // Another detail does not lose its question here.
    if (question !== value && !options.some((option) => option.value === question))
      throw invalid([{ path: 'question', message: 'Choose a question from the list' }]);
    const choices = choicesWith(view, name, question);
    const confirms = new Set(question === '' ? [] : [Number(question)]);
    const saved = await mapping.save(actor, { token: version, choices, confirms });
    if (saved.ok || saved.reason === 'forbidden' || saved.reason === 'stale') return saved;
    throw mappingProblem(saved);
  },
};

function mappingProblem(failed: Exclude<MappingFailure, { reason: 'forbidden' | 'stale' }>): Problem {
  switch (failed.reason) {
    case 'invalid':
      return invalid(failed.errors.map(({ message }) => ({ path: 'question', message })));
    case 'never_read':
      return conflict(
        'invalid_transition',
        'Acuity’s questions have never been read. Open Acuity questions first.',
      );
    case 'questions_changed':
      break;
  }
  return conflict('stale_version', 'Acuity’s questions changed meanwhile. Open the form again.');
}

export const intakeForms = { 'intake-fields/edit': changeQuestion };
