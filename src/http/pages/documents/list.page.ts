import type { Request } from 'express';
import { actorOf } from '../../actor.ts';
import type { PageRoute } from '../../endpoint.ts';
import { readerZoneOf } from '../../forms/fields.ts';
import { paths } from '../../paths.ts';
import { notFound } from '../../problem.ts';
import { wantsFragment } from '../../respond.ts';
import type { PageServices } from '../page-services.ts';
import { documentParts, documentsSection } from './documents-section.ts';

type Needs = Pick<PageServices, 'bookings' | 'documents' | 'clock'>;

/** The list alone, which the booking's page fetches again; opened directly, it redirects to that page. */
export function documentListPages({ bookings, documents, clock }: Needs): PageRoute[] {
  return [
    {
      method: 'get',
      path: '/bookings/:id/documents',
      access: 'session',
      async handle(req, res) {
        const { id } = (req as Request<{ id: string }>).params;
        const actor = actorOf(req, res);
        const found = await bookings.view(actor, id, { parts: documentParts(documents) });
        if (!found) throw notFound();
        if (!wantsFragment(req)) return res.redirect(303, `${paths.booking(id)}#documents`);
        const zone = readerZoneOf(req.headers.cookie) ?? found.booking.timezone;
        res.render('bookings/_documents_list', {
          documents: documentsSection(documents, actor.viewer, found, { zone, now: clock.now() }),
        });
      },
    },
  ];
}
