import {
  categoryWords,
  documentCategories,
  isVisibleAtOnce,
  type ReleaseCandidate,
} from '../../../documents/index.ts';
import { findRow, tableNamed } from '../../../console/index.ts';
import type { Sent } from '../../../lib/typed-edit.ts';
import { formField, optionsOf, recordForm, type FormField } from './form.ts';

const tells = 'tell_';

/** A box for each person who may be told when referrers see the document. Those whom a release tells are ticked. */
const recipientField = ({ id, name, email, isUsual }: ReleaseCandidate): FormField =>
  formField(`${tells}${id}`, `Tell ${name}`, isUsual, {
    hint: email,
    only: { for: 'category', values: documentCategories.filter(isVisibleAtOnce) },
  });

/** The people who were ticked; null when the form showed nobody. */
function recipientsOf(values: Sent): string[] | null {
  const shown = Object.keys(values).filter((name) => name.startsWith(tells));
  if (shown.length === 0) return null;
  return shown.filter((name) => String(values[name]) === 'true').map((name) => name.slice(tells.length));
}

/** The record's version is the category that was shown. */
export const documentForms = {
  'documents/edit': recordForm({
    read: ({ db }, id) => findRow(db, tableNamed('documents'), id),
    intro: () =>
      'The category decides who sees the document: referrers see no dictation, and a report once it is released. A document that they can see from now on has to pass the virus check first, and those ticked here are told.',
    fields: async ({ id, category }, { documents }) => [
      formField('category', 'Category', String(category), { options: optionsOf(categoryWords) }),
      ...(await documents.candidatesForCategory(String(id))).map(recipientField),
    ],
    send: ({ documents }, actor, id, { seen, values }) =>
      documents.changeCategory(actor, id, {
        seen: seen.category,
        wanted: values.category,
        recipients: recipientsOf(values),
      }),
  }),
};
