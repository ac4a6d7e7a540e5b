import type { Request, Response } from 'express';
import { z } from 'zod';
import {
  documentStatuses,
  unavailableReason,
  type Document,
  type DocumentService,
  type WantedRange,
} from '../../documents/index.ts';
import { actorOf } from '../actor.ts';
import type { Endpoint } from '../endpoint.ts';
import { attachment, matchesEtag, sendContent } from '../file-response.ts';
import { paths } from '../paths.ts';
import { forbidden, notFound, parse } from '../problem.ts';
import { receiveFiles, type ReceiveServices } from '../receive-files.ts';
import { openProblem, releaseProblem, uploadProblem, uploadLimits } from './documents.problems.ts';
import { problem } from './problem.schema.ts';

export type DocumentApiServices = ReceiveServices;

const person = z.object({ id: z.uuid(), name: z.string() });

/** A document in JSON. */
export const documentSchema = z.object({
  id: z.uuid(),
  fileName: z.string(),
  mimeType: z.string().describe('Decided by the content, not by the name'),
  sizeBytes: z.int(),
  sha256: z.string().describe('Of the bytes as received, in hex'),
  // The OpenAPI document is public, and not everybody may know of every category.
  category: z.string(),
  status: z
    .enum(documentStatuses)
    .describe('Can be downloaded when `clean`, or `not_scanned` where no scan is configured'),
  createdAt: z.iso.datetime().describe('ISO 8601, UTC'),
  releasedAt: z.iso
    .datetime()
    .nullable()
    .optional()
    .describe('Reports only: since when the referrer sees it; null: a draft, which only staff see'),
  uploadedBy: person.describe('The referrer or member of staff who uploaded it'),
  uploadedFor: person.nullable().describe('The admin who uploaded it while acting as that referrer'),
  url: z.string(),
});

export function documentJson(document: Document): z.input<typeof documentSchema> {
  const { bookingId: _, damagedAt: __, createdAt, releasedAt, ...facts } = document;
  return {
    ...facts,
    createdAt: createdAt.toISOString(),
    ...(document.category === 'report' && { releasedAt: releasedAt?.toISOString() ?? null }),
    url: paths.document(document.id),
  };
}

const idParams = z.object({ id: z.uuid() });
const noSession = problem('not_signed_in');
const uploadForm = z.object({
  category: z.string().describe('Send it first; it applies to all files'),
  files: z.array(z.file()).min(1).max(20),
});
const unavailable = problem('storage_unavailable: see Retry-After');
export const releaseRequestSchema = z.object({
  recipients: z
    .array(z.uuid('Send the id of a person').toLowerCase())
    .max(100, 'Name 100 people or fewer')
    .optional()
    .describe(
      'Who is told by e-mail: ids of active members of the booking’s organisation. Left out: the booking’s booker and contacts. Empty: nobody',
    ),
});
const oneDocument = z.object({ document: documentSchema });
const notAReport = problem('invalid: not a report, or a recipient who may not see it (`recipients.<n>`)');

export function documentEndpoints(services: DocumentApiServices): Endpoint[] {
  const { documents } = services;
  return [
    {
      method: 'post',
      path: '/bookings/:id/documents',
      access: 'session',
      summary: 'Upload documents: multipart/form-data with category, then files; all or none',
      request: { params: idParams, multipart: uploadForm },
      responses: {
        201: { description: 'Stored', schema: z.object({ documents: z.array(documentSchema) }) },
        401: noSession,
        403: problem('forbidden'),
        404: problem('not_found'),
        409: problem('already_cancelled'),
        413: problem('too_large'),
        415: problem(
          'unsupported_type: a file’s content is not an accepted type, or does not match its name',
        ),
        422: problem('invalid'),
        503: unavailable,
      },
      async handle(req, res) {
        const received = await receiveFiles(services, req, res, idOf(req));
        if (!received.ok) throw uploadProblem(received, uploadLimits(documents));
        res.status(201).json({ documents: received.value.map(documentJson) });
      },
    },
    {
      method: 'get',
      path: '/bookings/:id/documents.zip',
      access: 'session',
      summary: 'Download all documents of a booking that the viewer may open, as one ZIP file',
      request: { params: idParams },
      responses: {
        200: {
          description:
            'A ZIP file. When it ends before Content-Length, a document could not be read: try again',
          contentType: 'application/zip',
        },
        401: noSession,
        404: problem('not_found: no such booking, or it has no document that can be opened'),
        409: problem('document_unavailable: still being checked, infected, or damaged (see `because`)'),
        503: unavailable,
      },
      handle: (req, res) => downloadAll(documents, req, res),
    },
    {
      method: 'get',
      path: '/documents/:id',
      access: 'session',
      summary: 'Download the file; supports Range',
      request: { params: idParams, headers: z.object({ range: z.string().optional() }) },
      responses: {
        200: { description: 'The whole file', contentType: 'application/octet-stream' },
        206: { description: 'The requested range', contentType: 'application/octet-stream' },
        304: { description: 'Unchanged, by If-None-Match' },
        401: noSession,
        404: problem('not_found'),
        409: problem('document_unavailable: still being checked, infected, or damaged (see `because`)'),
        416: problem('range_not_satisfiable'),
        503: unavailable,
      },
      handle: (req, res) => download(documents, req, res),
    },
    {
      method: 'delete',
      path: '/documents/:id',
      access: 'session',
      summary: 'Delete a document',
      request: { params: idParams },
      responses: {
        204: { description: 'Deleted' },
        401: noSession,
        403: problem('forbidden'),
        404: problem('not_found'),
      },
      async handle(req, res) {
        const removed = await documents.remove(actorOf(req, res), idOf(req));
        if (!removed.ok) throw removed.reason === 'not_found' ? notFound() : forbidden();
        res.status(204).end();
      },
    },
    {
      method: 'post',
      path: '/documents/:id/release',
      access: 'staff',
      summary: 'Release a report; until then it is a draft that referrers do not see',
      request: { params: idParams, body: releaseRequestSchema },
      responses: {
        200: {
          description: 'Released. If it already was, nothing changes and nobody is told again',
          schema: oneDocument,
        },
        401: noSession,
        403: problem('forbidden'),
        404: problem('not_found'),
        409: problem('document_unavailable: still being checked, infected, or damaged (see `because`)'),
        422: notAReport,
      },
      async handle(req, res) {
        const { recipients } = parse(releaseRequestSchema, req.body);
        const released = await documents.release(actorOf(req, res), idOf(req), recipients ?? null);
        if (!released.ok) throw releaseProblem(released);
        res.json({ document: documentJson(released.value.document) });
      },
    },
    {
      method: 'post',
      path: '/documents/:id/recall',
      access: 'staff',
      summary: 'Recall a released report: it becomes a draft again',
      request: { params: idParams },
      responses: {
        200: { description: 'A draft', schema: oneDocument },
        401: noSession,
        403: problem('forbidden'),
        404: problem('not_found'),
        422: problem('invalid: not a report'),
      },
      async handle(req, res) {
        const recalled = await documents.recall(actorOf(req, res), idOf(req));
        if (!recalled.ok) throw releaseProblem(recalled);
        res.json({ document: documentJson(recalled.value.document) });
      },
    },
  ];
}

async function download(documents: DocumentService, req: Request, res: Response): Promise<void> {
  const actor = actorOf(req, res);
  if (req.method === 'HEAD' || req.get('if-none-match') !== undefined) {
    const document = await documents.find(actor, idOf(req));
    if (!document) throw notFound();
    const isUnchanged = matchesEtag(req.get('if-none-match'), etagOf(document));
    if (req.method === 'HEAD' || isUnchanged) {
      const because = unavailableReason(document);
      if (because) throw openProblem({ reason: 'not_available', because });
      setFileHeaders(res, document);
      res.status(isUnchanged ? 304 : 200);
      if (!isUnchanged) res.set('Content-Length', String(document.sizeBytes));
      res.end();
      return;
    }
  }
  const opened = await documents.open(actor, idOf(req), await wantedRange(documents, req, res));
  if (!opened.ok) throw openProblem(opened);
  const { document, range, content } = opened.value;
  setFileHeaders(res, document);
  const size = range ? range.end - range.start + 1 : document.sizeBytes;
  res.status(range ? 206 : 200).set('Content-Length', String(size));
  if (range) res.set('Content-Range', `bytes ${range.start}-${range.end}/${document.sizeBytes}`);
  await sendContent(content, res);
}

async function downloadAll(documents: DocumentService, req: Request, res: Response): Promise<void> {
  const actor = actorOf(req, res);
  if (req.method === 'HEAD') {
    const fileName = await documents.archiveName(actor, idOf(req));
    if (fileName === null) throw notFound();
    setArchiveHeaders(res, fileName);
    res.end();
    return;
  }
  const opened = await documents.openAll(actor, idOf(req));
  if (!opened.ok) throw openProblem(opened);
  const { fileName, sizeBytes, content } = opened.value;
  setArchiveHeaders(res, fileName);
  res.set('Content-Length', String(sizeBytes));
  await sendContent(content, res);
}

function setArchiveHeaders(res: Response, fileName: string): void {
  res.set({
    'Content-Type': 'application/zip',
    'Content-Disposition': attachment(fileName),
    'Cache-Control': 'private, no-store',
  });
}

function setFileHeaders(res: Response, document: Document): void {
  res.set({
    'Content-Type': document.mimeType,
    'Content-Disposition': attachment(document.fileName),
    'Cache-Control': 'private, no-store',
    'Accept-Ranges': 'bytes',
    ETag: etagOf(document),
    // If a browser shows it anyway, nothing in it runs, and it has no origin.
    'Content-Security-Policy': "default-src 'none'; sandbox",
  });
}

function etagOf({ sha256 }: Document): string {
  return `"${sha256}"`;
}

/** Null: the whole document. Ignores all but a single range of bytes, as RFC 9110 allows. */
async function wantedRange(
  documents: DocumentService,
  req: Request,
  res: Response,
): Promise<WantedRange | null> {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(req.get('range') ?? '') ?? [];
  if (first === '' && last === '') return null;
  const condition = req.get('if-range');
  if (condition !== undefined) {
    const document = await documents.find(actorOf(req, res), idOf(req));
    if (!document || condition !== etagOf(document)) return null;
  }
  return { start: first === '' ? null : Number(first), end: last === '' ? null : Number(last) };
}

function idOf(req: Request): string {
  return String(req.params.id);
}
