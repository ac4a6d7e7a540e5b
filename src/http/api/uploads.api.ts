// Direct uploads of large files: the browser asks here for addresses, sends the parts to the store, and completes the
// upload here. See documents/document.direct.ts.
import type { Request } from 'express';
import { z } from 'zod';
import {
  cancelReasons,
  type DirectUpload,
  type DocumentService,
  type PartOffer,
  type UploadFailure,
} from '../../documents/index.ts';
import type { Failure } from '../../lib/result.ts';
import { actorOf } from '../actor.ts';
import type { Endpoint } from '../endpoint.ts';
import { notFound, parse, type Problem } from '../problem.ts';
import { uploadProblem, uploadLimits } from './documents.problems.ts';
import { documentJson, documentSchema } from './documents.api.ts';
import { problem } from './problem.schema.ts';

const bookingParams = z.object({ id: z.uuid() });
const uploadParams = z.object({ id: z.uuid(), uploadId: z.uuid() });

const startSchema = z.object({
  category: z.string(),
  fileName: z.string().min(1, 'Send the file’s name').max(1000),
  sizeBytes: z.int().positive('The file is empty'),
});
const maxParts = 10_000;
const claimSchema = z.object({
  partNumber: z.int().min(1).max(maxParts),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'Send the SHA-256 of the part in 64 hex digits'),
});
const offerSchema = z.object({ parts: z.array(claimSchema).min(1).max(20) });
const cancelQuery = z.object({
  because: z
    .enum(cancelReasons)
    .default('cancelled')
    .describe('unreachable: the browser cannot reach the store and uploads the file through the app instead'),
});
const completeSchema = z.object({ parts: z.array(claimSchema).min(1).max(maxParts) });

const uploadSchema = z.object({
  id: z.uuid(),
  partBytes: z.int().describe('The size of every part except the last'),
  partCount: z.int(),
  expiresAt: z.iso.datetime().describe('Complete the upload before this time'),
});
const offeredSchema = z.object({
  partNumber: z.int(),
  stored: z.boolean().describe('The part has already arrived; do not send it'),
  url: z.string().optional().describe('PUT the bytes of the part here'),
  headers: z.record(z.string(), z.string()).optional().describe('Send these headers unchanged'),
  expiresAt: z.iso.datetime().optional(),
});

const refusals = {
  401: problem('not_signed_in'),
  403: problem('forbidden'),
  404: problem('not_found: also when direct uploads are not configured, or this one has ended'),
  409: problem('already_cancelled'),
  413: problem('too_large'),
  415: problem('unsupported_type: the file’s content is not an accepted type, or does not match its name'),
  422: problem('invalid'),
  503: problem('storage_unavailable: see Retry-After'),
};

export function uploadEndpoints({ documents }: { documents: DocumentService }): Endpoint[] {
  const refuse = (failed: Failure<UploadFailure>): Problem => uploadProblem(failed, uploadLimits(documents));
  const path = '/bookings/:id/documents/uploads';
  return [
    {
      method: 'post',
      path,
      access: 'session',
      summary: 'Start a direct upload of a large file, or continue an interrupted upload of the same file',
      request: { params: bookingParams, body: startSchema },
      responses: {
        200: { description: 'Continued', schema: z.object({ upload: uploadSchema }) },
        201: { description: 'Started', schema: z.object({ upload: uploadSchema }) },
        ...refusals,
      },
      async handle(req, res) {
        const { id } = idsOf(bookingParams, req);
        const started = await documents.direct.start(actorOf(req, res), id, parse(startSchema, req.body));
        if (!started.ok) throw refuse(started);
        const { upload, resumed } = started.value;
        res.status(resumed ? 200 : 201).json({ upload: uploadJson(upload) });
      },
    },
    {
      method: 'post',
      path: `${path}/:uploadId/parts`,
      access: 'session',
      summary: 'Get addresses to send parts to; each is valid for five minutes and for these bytes only',
      request: { params: uploadParams, body: offerSchema },
      responses: {
        200: {
          description: 'In the order of the request',
          schema: z.object({ parts: z.array(offeredSchema) }),
        },
        ...refusals,
      },
      async handle(req, res) {
        const { id, uploadId } = idsOf(uploadParams, req);
        const { parts } = parse(offerSchema, req.body);
        const offered = await documents.direct.offer(actorOf(req, res), id, uploadId, parts);
        if (!offered.ok) throw refuse(offered);
        res.json({ parts: offered.value.map(offeredJson) });
      },
    },
    {
      method: 'post',
      path: `${path}/:uploadId/complete`,
      access: 'session',
      summary: 'Complete the upload when all parts are sent: the file is checked and becomes a document',
      request: { params: uploadParams, body: completeSchema },
      responses: {
        201: { description: 'Stored', schema: z.object({ documents: z.array(documentSchema) }) },
        ...refusals,
      },
      async handle(req, res) {
        const { id, uploadId } = idsOf(uploadParams, req);
        const { parts } = parse(completeSchema, req.body);
        const completed = await documents.direct.complete(actorOf(req, res), id, uploadId, parts);
        if (!completed.ok) throw refuse(completed);
        res.status(201).json({ documents: completed.value.map(documentJson) });
      },
    },
    {
      method: 'delete',
      path: `${path}/:uploadId`,
      access: 'session',
      summary: 'Cancel an upload',
      request: { params: uploadParams, query: cancelQuery },
      responses: { 204: { description: 'Cancelled' }, ...refusals },
      async handle(req, res) {
        const { id, uploadId } = idsOf(uploadParams, req);
        const { because } = parse(cancelQuery, req.query);
        const cancelled = await documents.direct.cancel(actorOf(req, res), id, uploadId, because);
        if (!cancelled.ok) throw refuse(cancelled);
        res.status(204).end();
      },
    },
  ];
}

function idsOf<T>(schema: z.ZodType<T>, req: Request): T {
  const ids = schema.safeParse(req.params);
  if (!ids.success) throw notFound();
  return ids.data;
}

function uploadJson(upload: DirectUpload): z.input<typeof uploadSchema> {
  return { ...upload, expiresAt: upload.expiresAt.toISOString() };
}

function offeredJson({ partNumber, send }: PartOffer): z.input<typeof offeredSchema> {
  if (!send) return { partNumber, stored: true };
  const { url, headers, expiresAt } = send;
  return { partNumber, stored: false, url, headers, expiresAt: expiresAt.toISOString() };
}
