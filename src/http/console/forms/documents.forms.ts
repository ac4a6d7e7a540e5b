import { categoryWords, documentCategories } from '../../../documents/index.ts';
import { z } from 'zod';
import { forbidden, invalid, notFound, parse } from '../../problem.ts';
import { selectListed, staleProblem, text, type FormAction, type FormField } from './form.ts';

const category = z.enum(documentCategories, 'Choose a category');

const categoryField = (value: string): FormField =>
  text('category', 'Category', value, {
    type: 'select',
    options: documentCategories.map((one) => ({ value: one, label: categoryWords[one] })),
  });

/** The category shown is the version. */
const changeCategory: FormAction = {
  async open(services, id) {
    const row = await selectListed(services, 'documents', {})
      .where('r.id', id)
      .first<{ category: string } | undefined>('r.category');
    if (!row) throw notFound();
    return {
      intro:
        'The category decides who sees the document: referrers see no dictation, and a report once it is released. They are told of a document that they can see from now on.',
      version: row.category,
      fields: [categoryField(row.category)],
    };
  },
  async send({ documents }, actor, id, { version, values }) {
    const wanted = parse(z.object({ category }), values);
    const seen = parse(z.object({ category }), { category: version });
    const changed = await documents.changeCategory(actor, id, seen.category, wanted.category);
    if (changed.ok) return 'Saved';
    if (changed.reason === 'stale')
      throw staleProblem([categoryField(changed.current)], changed.current, values);
    if (changed.reason === 'invalid') throw invalid(changed.errors);
    throw changed.reason === 'forbidden' ? forbidden() : notFound();
  },
};

export const documentForms = { 'documents/edit': changeCategory };
