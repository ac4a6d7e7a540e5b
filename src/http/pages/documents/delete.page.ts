import { paperWords } from '../../../bookings/index.ts';
import { mayDelete } from '../../../documents/index.ts';
import { actorOf } from '../../actor.ts';
import type { PageRoute } from '../../endpoint.ts';
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
  /** What the examination would lack without this document: `consent form`; null when nothing. */
  needed: string | null;
}

export function deleteDocumentPages({ documents, paperwork, clock }: Needs): PageRoute[] {
  const path = '/documents/:id/delete';
  return [
    {
      method: 'get',
      path,
      access: 'session',
      handle: async (req, res) => {
        const document = await findDocumentFor({ documents }, req as DocumentRequest, res, mayDelete);
        const lost = await paperwork.lostWith(document, clock.now());
        const page: DeleteDocumentPage = {
          title: 'Delete a document',
          documentId: document.id,
          bookingId: document.bookingId,
          fileName: document.fileName,
          facts: factsOf(document),
          needed: lost && paperWords[lost].toLowerCase(),
        };
        res.render('documents/delete', page);
      },
    },
    {
      method: 'post',
      path,
      access: 'session',
      handle: async (req, res) => {
        const document = await findDocumentFor({ documents }, req as DocumentRequest, res, mayDelete);
        const removed = await documents.remove(actorOf(req, res), document.id);
        if (!removed.ok) throw removed.reason === 'not_found' ? notFound() : forbidden();
        res.redirect(303, `${paths.booking(document.bookingId)}?deleted`);
      },
    },
  ];
}
