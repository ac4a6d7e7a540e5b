import type { Request, Response } from 'express';
import type { Viewer } from '../../../accounts/index.ts';
import type { Document, DocumentService } from '../../../documents/index.ts';
import { actorOf } from '../../actor.ts';
import { forbidden, notFound } from '../../problem.ts';

export type DocumentRequest = Request<{ id: string }>;

/** @throws Problem 404 when it is hidden from the viewer, 403 when they see it and may not do this with it */
export async function findDocumentFor(
  { documents }: { documents: DocumentService },
  req: DocumentRequest,
  res: Response,
  may: (viewer: Viewer, document: Document) => boolean,
): Promise<Document> {
  const actor = actorOf(req, res);
  const document = await documents.find(actor, req.params.id);
  if (!document) throw notFound();
  if (!may(actor.viewer, document)) throw forbidden();
  return document;
}
