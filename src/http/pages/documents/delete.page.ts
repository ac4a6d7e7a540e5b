import type { Request, Response } from 'express';
import { mayDelete, type Document } from '../../../documents/index.ts';
import { actorOf } from '../../actor.ts';
import type { PageRoute } from '../../endpoint.ts';
import { paths } from '../../paths.ts';
import { forbidden, notFound } from '../../problem.ts';
import type { PageServices } from '../page-services.ts';
import type { PageData } from '../../views.ts';
import { factsOf } from './document-words.ts';

type Needs = Pick<PageServices, 'documents'>;
type DocumentRequest = Request<{ id: string }>;

export interface DeleteDocumentPage extends PageData {
  documentId: string;
  bookingId: string;
  fileName: string;
  facts: string;
}

export function deleteDocumentPages({ documents }: Needs): PageRoute[] {
  const path = '/documents/:id/delete';
  return [
    {
      method: 'get',
      path,
      access: 'session',
      handle: async (req, res) => {
        const document = await findDeletable({ documents }, req as DocumentRequest, res);
        const page: DeleteDocumentPage = {
          title: 'Delete a document',
          documentId: document.id,
          bookingId: document.bookingId,
          fileName: document.fileName,
          facts: factsOf(document),
        };
        res.render('documents/delete', page);
      },
    },
    {
      method: 'post',
      path,
      access: 'session',
      handle: async (req, res) => {
        const document = await findDeletable({ documents }, req as DocumentRequest, res);
        const removed = await documents.remove(actorOf(req, res), document.id);
        if (!removed.ok) throw removed.reason === 'not_found' ? notFound() : forbidden();
        res.redirect(303, `${paths.booking(document.bookingId)}?deleted`);
      },
    },
  ];
}

async function findDeletable({ documents }: Needs, req: DocumentRequest, res: Response): Promise<Document> {
  const actor = actorOf(req, res);
  const document = await documents.find(actor, req.params.id);
  if (!document) throw notFound();
  if (!mayDelete(actor.viewer, document)) throw forbidden();
  return document;
}
