import { formsFor } from '../../../questions/index.ts';
import { recordForm, formField } from './form.ts';

export const intakeForms = {
  'intake-fields/edit': recordForm({
    async read({ mapping }, name) {
      const view = await mapping.last();
      const detail = view.details.find((one) => one.name === name);
      return detail ? { detail, view } : null;
    },
    intro: () =>
      'The question of Acuity’s forms that holds this detail, of those that hold no other. The page Acuity questions shows all of them together, with suggestions.',
    version: ({ view }) => view.token,
    fields({ detail, view }) {
      const offered = formsFor(view, detail.name).flatMap((form) =>
        form.fields.map((field) => ({ value: String(field.id), label: `${form.name}: ${field.name}` })),
      );
      const options = [{ value: '', label: 'No question' }, ...offered];
      return [formField('question', detail.label, detail.fieldId, { options })];
    },
    send: ({ mapping }, actor, detail, { version, values: { question } }) =>
      mapping.saveOne(actor, { token: version, detail, question }),
    notice: 'Saved. It applies to every booking from now on',
  }),
};
