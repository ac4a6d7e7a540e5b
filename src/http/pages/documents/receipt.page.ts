import type { Request, Response } from 'express';
import { categoryWords, type DocumentEvent } from '../../../documents/index.ts';
import { actorOf } from '../../actor.ts';
import type { PageRoute } from '../../endpoint.ts';
import { readerZoneOf } from '../../forms/fields.ts';
import { notFound } from '../../problem.ts';
import type { PageServices } from '../page-services.ts';
import { stamp, timeAndDay } from '../when.ts';
import { zoneName } from '../../../lib/dates.ts';
import type { PageData } from '../../views.ts';
import { exactSize } from '../../../lib/sizes.ts';
import { actorOfEvent, scanLabels, uploaderOf } from './document-words.ts';

type Needs = Pick<PageServices, 'documents' | 'bookings'>;

export interface ReceiptPage extends PageData {
  bookingId: string;
  reference: string;
  documentId: string;
  rows: { label: string; value: string; isCode?: boolean }[];
  events: { what: string; when: string; at: string; who: string; told: string | null }[];
}

/** A page to print and keep: what was received, its hash, and who has opened it. */
export function receiptPages(services: Needs): PageRoute[] {
  return [
    {
      method: 'get',
      path: '/documents/:id/receipt',
      access: 'session',
      handle: (req, res) => showReceipt(services, req as Request<{ id: string }>, res),
    },
  ];
}

async function showReceipt(
  { documents, bookings }: Needs,
  req: Request<{ id: string }>,
  res: Response,
): Promise<void> {
  const actor = actorOf(req, res);
  const document = await documents.find(actor, req.params.id);
  const events = document && (await documents.history(actor, document.id));
  const seen = document && (await bookings.view(actor, document.bookingId));
  if (!document || !events || !seen) throw notFound();
  const zone = readerZoneOf(req.headers.cookie) ?? seen.booking.timezone;
  // Events do not say what the category was before.
  const sinceCategory = events.findLastIndex(({ what }) => what === 'category_changed');
  const page: ReceiptPage = {
    title: 'Receipt for a document',
    bookingId: document.bookingId,
    reference: seen.booking.reference,
    documentId: document.id,
    rows: [
      { label: 'File', value: document.fileName },
      { label: 'Category', value: categoryWords[document.category] },
      {
        label: 'Received',
        value: `${timeAndDay(document.createdAt, zone)}, ${zoneName(zone, document.createdAt)}`,
      },
      { label: 'From', value: uploaderOf(document) },
      ...(document.category === 'report'
        ? [
            {
              label: 'Released',
              value: document.releasedAt ? stamp(document.releasedAt, zone) : 'No: a draft',
            },
          ]
        : []),
      { label: 'Size', value: exactSize(document.sizeBytes) },
      { label: 'Type', value: document.mimeType },
      { label: 'Virus scan', value: scanLabels[document.status] },
      { label: 'SHA-256', value: document.sha256, isCode: true },
      { label: 'Number', value: document.id, isCode: true },
    ],
    events: events.map((event, at) => ({
      what: eventLabel(event, document.category === 'report' && at > sinceCategory),
      when: stamp(event.at, zone),
      at: event.at.toISOString(),
      who: actorOfEvent(event),
      told: event.told.length > 0 ? event.told.map(({ name }) => name).join(', ') : null,
    })),
  };
  res.render('documents/receipt', page);
}

const eventLabels: Record<DocumentEvent['what'], string> = {
  uploaded: 'Received',
  downloaded: 'Downloaded',
  viewed: 'Viewed',
  found_damaged: 'Found damaged',
  released: 'Released',
  recalled: 'Recalled',
  category_changed: 'Category changed',
};

function eventLabel({ what, whileReleased }: DocumentEvent, isReport: boolean): string {
  const isOpening = what === 'downloaded' || what === 'viewed';
  return isReport && isOpening
    ? `${eventLabels[what]} ${whileReleased ? 'while released' : 'as a draft'}`
    : eventLabels[what];
}
