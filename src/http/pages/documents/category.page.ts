import type { Request, Response } from 'express';
import {
  categoryWords,
  mayChangeCategory,
  type Document,
  type DocumentCategory,
} from '../../../documents/index.ts';
import { withheldProblem } from '../../api/documents.problems.ts';
import { actorOf } from '../../actor.ts';
import type { PageRoute } from '../../endpoint.ts';
import { typed } from '../../forms/fields.ts';
import { keptFormOf } from '../../middleware/kept-forms.ts';
import { paths } from '../../paths.ts';
import { forbidden, notFound, type FieldProblem } from '../../problem.ts';
import type { PageServices } from '../page-services.ts';
import type { PageData } from '../../views.ts';
import { factsOf } from './document-words.ts';
import { findDocumentFor, type DocumentRequest } from './find-document.ts';

type Needs = Pick<PageServices, 'documents'>;

export interface DocumentCategoryPage extends PageData {
  documentId: string;
  bookingId: string;
  fileName: string;
  facts: string;
  /** The category as it is shown: sent with the form. */
  seen: DocumentCategory;
  categories: { value: DocumentCategory; label: string; isChosen: boolean }[];
}

export function documentCategoryPages(services: Needs): PageRoute[] {
  const path = paths.documentCategory(':id');
  return [
    {
      method: 'get',
      path,
      access: 'session',
      handle: async (req, res) => {
        const document = await findDocumentFor(services, req as DocumentRequest, res, mayChangeCategory);
        const unsent = keptFormOf(res, req.originalUrl)?.fields;
        const isStale = unsent !== undefined && typed(unsent, 'seen') !== document.category;
        render(services, req, res, document, isStale ? staleWords(document, document.category) : undefined);
      },
    },
    {
      method: 'post',
      path,
      access: 'session',
      handle: (req, res) => send(services, req as DocumentRequest, res),
    },
  ];
}

async function send(services: Needs, req: DocumentRequest, res: Response): Promise<void> {
  const document = await findDocumentFor(services, req, res, mayChangeCategory);
  const [seen, wanted] = [typed(req.body, 'seen'), typed(req.body, 'category')];
  const changed = await services.documents.changeCategory(actorOf(req, res), document.id, {
    seen,
    wanted,
    recipients: null,
  });
  if (changed.ok) return res.redirect(303, `${paths.booking(document.bookingId)}?category#documents`);
  switch (changed.reason) {
    case 'invalid':
      return render(services, req, res.status(422), document, { chosen: wanted, errors: changed.errors });
    case 'stale': {
      const current = { ...document, category: changed.current };
      return render(services, req, res.status(409), current, staleWords(current, wanted));
    }
    case 'not_available':
      throw withheldProblem(changed, 'document');
    case 'forbidden':
      throw forbidden();
    case 'not_found':
      throw notFound();
  }
}

function staleWords({ category }: Document, chosen: string) {
  const message = `It was changed to “${categoryWords[category]}” meanwhile. Check the category and save again`;
  return { chosen, errors: [{ path: 'category', message }] };
}

function render(
  { documents }: Needs,
  req: Request,
  res: Response,
  document: Document,
  { chosen, errors }: { chosen: string; errors: FieldProblem[] } = {
    chosen: document.category,
    errors: [],
  },
): void {
  const page: DocumentCategoryPage = {
    title: 'Change the category of a document',
    errors,
    documentId: document.id,
    bookingId: document.bookingId,
    fileName: document.fileName,
    facts: factsOf(document),
    seen: document.category,
    categories: documents.categoriesFor(actorOf(req, res).viewer).map((value) => ({
      value,
      label: categoryWords[value],
      isChosen: value === chosen,
    })),
  };
  res.render('documents/category', page);
}
