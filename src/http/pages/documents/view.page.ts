import type { Request, Response } from 'express';
import { unavailableReason } from '../../../documents/index.ts';
import { openProblem } from '../../api/documents.problems.ts';
import { actorOf } from '../../actor.ts';
import type { PageRoute } from '../../endpoint.ts';
import { inline, sendContent } from '../../file-response.ts';
import { paths } from '../../paths.ts';
import { notFound } from '../../problem.ts';
import type { PageServices } from '../page-services.ts';
import { isShownInline } from './document-words.ts';

type Needs = Pick<PageServices, 'documents'>;

/** Pictures and PDFs in the browser, by the rights and checks of a download, on record as a view. */
export function documentViewPages({ documents }: Needs): PageRoute[] {
  return [
    {
      method: 'get',
      path: '/documents/:id/view',
      access: 'session',
      handle: (req, res) => showDocument(documents, req as Request<{ id: string }>, res),
    },
  ];
}

async function showDocument(
  documents: Needs['documents'],
  req: Request<{ id: string }>,
  res: Response,
): Promise<void> {
  const { id } = req.params;
  const actor = actorOf(req, res);
  const document = await documents.find(actor, id);
  if (!document) throw notFound();
  // What browsers do not show, or show by running it, is only handed out as a file.
  if (!isShownInline(document)) return res.redirect(303, paths.document(id));
  // Asked for its head only: nobody has seen anything, so nothing goes on record.
  if (req.method === 'HEAD') {
    const because = unavailableReason(document);
    if (because) throw openProblem({ reason: 'not_available', because });
    return void res.set('Content-Type', document.mimeType).end();
  }
  const opened = await documents.open(actor, id, null, 'view');
  if (!opened.ok) throw openProblem(opened);
  res.set({
    'Content-Type': document.mimeType,
    'Content-Disposition': inline(document.fileName),
    'Content-Length': String(document.sizeBytes),
    'Cache-Control': 'private, no-store',
    // The style is the browser's own: it lays a picture out with it. Nothing of a document's is a style.
    'Content-Security-Policy':
      "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'",
  });
  await sendContent(opened.value.content, res);
}
