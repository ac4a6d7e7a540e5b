import { hasEnded, isPlanned, paperWords } from '../../../bookings/index.ts';
import { mayDelete, type Document } from '../../../documents/index.ts';
import { actorOf } from '../../actor.ts';
import type { PageRoute } from '../../endpoint.ts';
import { paths } from '../../paths.ts';
import { forbidden, notFound } from '../../problem.ts';
import type { PageServices } from '../page-services.ts';
import type { PageData } from '../../views.ts';
import { factsOf } from './document-words.ts';
import { findDocumentFor, type DocumentRequest } from './find-document.ts';
import { documentParts, type BookingWithDocuments } from './documents-section.ts';

type Needs = Pick<PageServices, 'bookings' | 'documents' | 'clock'>;

export interface DeleteDocumentPage extends PageData {
  documentId: string;
  bookingId: string;
  fileName: string;
  facts: string;
  /** What the examination would lack: `consent form`; null when it would lack nothing by this. */
  needed: string | null;
}

export function deleteDocumentPages({ bookings, documents, clock }: Needs): PageRoute[] {
  const path = '/documents/:id/delete';
  return [
    {
      method: 'get',
      path,
      access: 'session',
      handle: async (req, res) => {
        const document = await findDocumentFor({ documents }, req as DocumentRequest, res, mayDelete);
        const found = await bookings.view(actorOf(req, res), document.bookingId, {
          parts: documentParts(documents),
        });
        if (!found) throw notFound();
        const page: DeleteDocumentPage = {
          title: 'Delete a document',
          documentId: document.id,
          bookingId: document.bookingId,
          fileName: document.fileName,
          facts: factsOf(document),
          needed: neededPaper(document, found, clock.now()),
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

function neededPaper(
  { id, category }: Document,
  { booking, papers, documents }: BookingWithDocuments,
  now: Date,
): string | null {
  if (!isPlanned(booking) || hasEnded(booking, now)) return null;
  const paper = papers.find((one) => one.category === category && one.isThere);
  const hasAnother = documents.some(
    (other) =>
      other.id !== id && other.category === category && !other.damagedAt && other.status !== 'infected',
  );
  return paper && !hasAnother ? paperWords[paper.category].toLowerCase() : null;
}
