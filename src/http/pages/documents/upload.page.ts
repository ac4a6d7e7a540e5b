import type { Request, Response } from 'express';
import { uploadProblem, uploadWords } from '../../api/documents.problems.ts';
import type { PageRoute } from '../../endpoint.ts';
import { typed } from '../../forms/fields.ts';
import { paths } from '../../paths.ts';
import { receiveFiles } from '../../receive-files.ts';
import { showBooking } from '../bookings/show.page.ts';
import type { PageServices } from '../page-services.ts';

/** The plain form: all files in one request, then the booking again, with them or with what to do. */
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
    const page = `${paths.booking(req.params.id)}?uploaded=${received.value.length}`;
    return res.redirect(303, page);
  }
  if (received.reason === 'signed_out') return res.redirect(303, paths.signIn(paths.booking(req.params.id)));
  const problem = uploadProblem(received, uploadWords(services.documents));
  // What has no place on the booking's page has a page of its own.
  if (received.reason === 'not_found' || received.reason === 'forbidden') throw problem;
  res.status(problem.status).set(problem.headers);
  await showBooking(services, req, res, {
    // On a cancelled booking there is no form whose field could be pointed at.
    errors: problem.errors ?? [{ path: problem.status === 409 ? '' : 'files', message: problem.detail }],
    category: typed(req.body, 'category'),
  });
}
