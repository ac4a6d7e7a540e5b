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

/** Shows images and PDFs in the browser, with the rights and checks of a download; recorded as a view. */
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
  // Other kinds, which browsers cannot show or would execute, are only downloaded.
  if (!isShownInline(document)) return res.redirect(303, paths.document(id));
  // HEAD shows nothing to anybody, so it is not recorded.
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
    // Browsers lay out images with inline styles of their own; a document itself contributes no styles.
    'Content-Security-Policy':
      "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'",
  });
  await sendContent(opened.value.content, res);
}
