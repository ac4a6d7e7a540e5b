import {
  categoryWords,
  documentCategories,
  isVisibleAtOnce,
  type ReleaseCandidate,
} from '../../../documents/index.ts';
import { z } from 'zod';
import { findRow, tableNamed } from '../../../console/index.ts';
import { withheldProblem } from '../../api/documents.problems.ts';
import { notFound, parse } from '../../problem.ts';
import { formField, ticked, type FormAction, type FormField, type Values } from './form.ts';

const category = z.enum(documentCategories, 'Choose a category');

const categoryField = (value: string): FormField =>
  formField('category', 'Category', value, {
    type: 'select',
    options: documentCategories.map((one) => ({ value: one, label: categoryWords[one] })),
  });

const tells = 'tell_';

/** One box for each person who may be told once referrers see the document; ticked are those whom a release tells. */
const recipientField = ({ id, name, email, isUsual }: ReleaseCandidate): FormField =>
  formField(`${tells}${id}`, `Tell ${name}`, isUsual, {
    hint: email,
    only: { for: 'category', values: documentCategories.filter(isVisibleAtOnce) },
  });

/** Null when the form showed nobody. */
function recipientsOf(values: Values): string[] | null {
  const shown = Object.keys(values).filter((name) => name.startsWith(tells));
  if (shown.length === 0) return null;
  return shown.filter((name) => ticked(values[name])).map((name) => name.slice(tells.length));
}

/** The category shown is the version. */
const changeCategory: FormAction = {
  async open(services, id) {
    const row = await findRow(services.db, tableNamed('documents'), id);
    if (!row) throw notFound();
    return {
      intro:
        'The category decides who sees the document: referrers see no dictation, and a report once it is released. A document that they can see from now on has to pass the virus check first, and those ticked here are told.',
      version: String(row.category),
      fields: [
        categoryField(String(row.category)),
        ...(await services.documents.candidatesForCategory(id)).map(recipientField),
      ],
    };
  },
  async send(services, actor, id, { version, values }) {
    const wanted = parse(z.object({ category }), values);
    const seen = parse(z.object({ category }), { category: version });
    const changed = await services.documents.changeCategory(actor, id, {
      seen: seen.category,
      wanted: wanted.category,
      recipients: recipientsOf(values),
    });
    if (changed.ok || changed.reason !== 'not_available') return changed;
    throw withheldProblem(changed, 'document');
  },
};

export const documentForms = { 'documents/edit': changeCategory };
