import type { Response } from 'express';
import { paperWords } from '../../../bookings/index.ts';
import { documentState, mayDelete, type Document } from '../../../documents/index.ts';
import { actorOf } from '../../actor.ts';
import type { PageRoute } from '../../endpoint.ts';
import { typed } from '../../forms/fields.ts';
import { paths } from '../../paths.ts';
import { forbidden, notFound } from '../../problem.ts';
import type { PageServices } from '../page-services.ts';
import type { PageData } from '../../views.ts';
import { factsOf } from './document-words.ts';
import { findDocumentFor, type DocumentRequest } from './find-document.ts';

type Needs = Pick<PageServices, 'documents' | 'paperwork' | 'clock'>;

export interface DeleteDocumentPage extends PageData {
  documentId: string;
  bookingId: string;
  fileName: string;
  facts: string;
  /** Whether referrers see the report. */
  isReleased: boolean;
  /** What the examination would lack without this document: `consent form`; null when nothing. */
  needed: string | null;
  /** Everything above that may change: sent with the form. */
  seen: string;
  /** The form was sent from a page that showed something else. */
  isStale: boolean;
}

export function deleteDocumentPages(services: Needs): PageRoute[] {
  const path = '/documents/:id/delete';
  return [
    {
      method: 'get',
      path,
      access: 'session',
      handle: async (req, res) => {
        const document = await findDocumentFor(services, req as DocumentRequest, res, mayDelete);
        res.render('documents/delete', await pageOf(services, document));
      },
    },
    {
      method: 'post',
      path,
      access: 'session',
      handle: (req, res) => remove(services, req as DocumentRequest, res),
    },
  ];
}

async function remove(services: Needs, req: DocumentRequest, res: Response): Promise<void> {
  const document = await findDocumentFor(services, req, res, mayDelete);
  const page = await pageOf(services, document);
  const seen = typed(req.body, 'seen');
  if (seen !== '' && seen !== page.seen) return renderStale(res, page);
  const removed = await services.documents.remove(actorOf(req, res), document.id, documentState(document));
  if (removed.ok) return res.redirect(303, `${paths.booking(document.bookingId)}?deleted`);
  switch (removed.reason) {
    case 'stale':
      return renderStale(res, await pageOf(services, await findDocumentFor(services, req, res, mayDelete)));
    case 'forbidden':
      throw forbidden();
    case 'not_found':
      throw notFound();
  }
}

function renderStale(res: Response, page: DeleteDocumentPage): void {
  res.status(409).render('documents/delete', { ...page, isStale: true });
}

async function pageOf({ paperwork, clock }: Needs, document: Document): Promise<DeleteDocumentPage> {
  const lost = await paperwork.lostWith(document, clock.now());
  return {
    title: 'Delete a document',
    documentId: document.id,
    bookingId: document.bookingId,
    fileName: document.fileName,
    facts: factsOf(document),
    isReleased: document.releasedAt !== null,
    needed: lost && paperWords[lost].toLowerCase(),
    seen: [documentState(document), ...(lost ? [lost] : [])].join(' '),
    isStale: false,
  };
}
