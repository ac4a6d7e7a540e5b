import type { Request, Response } from 'express';
import { uploadProblem, uploadLimits } from '../../api/documents.problems.ts';
import type { PageRoute } from '../../endpoint.ts';
import { typed } from '../../forms/fields.ts';
import { paths } from '../../paths.ts';
import { receiveFiles } from '../../receive-files.ts';
import { listOf } from '../bookings/back-to-list.ts';
import { showBooking } from '../bookings/show.page.ts';
import { withQuery } from '../links.ts';
import type { PageServices } from '../page-services.ts';

/** The form without JavaScript: all files in one request, then the booking's page with the result. */
export function uploadPages(services: PageServices): PageRoute[] {
  return [
    {
      method: 'post',
      path: '/bookings/:id/documents',
      access: 'session',
      handle: (req, res) => upload(services, req as Request<{ id: string }>, res),
    },
  ];
}

async function upload(services: PageServices, req: Request<{ id: string }>, res: Response): Promise<void> {
  const received = await receiveFiles(services, req, res, req.params.id);
  if (received.ok) {
    const done = { uploaded: String(received.value.length), back: listOf(req) };
    return res.redirect(303, withQuery(paths.booking(req.params.id), done));
  }
  if (received.reason === 'signed_out') return res.redirect(303, paths.signIn(paths.booking(req.params.id)));
  const problem = uploadProblem(received, uploadLimits(services.documents));
  // These cannot be shown on the booking's page.
  if (received.reason === 'not_found' || received.reason === 'forbidden') throw problem;
  res.status(problem.status).set(problem.headers);
  await showBooking(services, req, res, {
    // A cancelled booking's page has no form whose field the error could name.
    errors: problem.errors ?? [{ path: problem.status === 409 ? '' : 'files', message: problem.detail }],
    category: typed(req.body, 'category'),
  });
}
