// Multipart uploads. As in S3, an upload started with SHA-256 requires the hash of each part, also to complete it.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
import { createHash, randomUUID } from 'node:crypto';
import type { S3Files } from './files.ts';
import { S3Fault, xml, xmlTexts } from './xml.ts';
import {
  describedBy,
  headerOf,
  receive,
  refuseAcl,
  sendXml,
  sha256Of,
  textOf,
  type S3Call,
} from './requests.ts';

const minPartBytes = 5 * 1024 * 1024;

export async function startUpload(
  files: S3Files,
  { bucket, key, req, res, omitsPartHashes }: S3Call,
): Promise<void> {
  refuseAcl(req);
  const uploadId = randomUUID();
  await files.openUpload(bucket, {
    uploadId,
    key,
    initiated: new Date().toISOString(),
    isHashed: !omitsPartHashes && headerOf(req, 'x-amz-checksum-algorithm') === 'SHA256',
    ...describedBy(req),
  });
  sendXml(res, xml('InitiateMultipartUploadResult', { Bucket: bucket, Key: key, UploadId: uploadId }));
}

export async function answerUpload(files: S3Files, call: S3Call, uploadId: string): Promise<void> {
  const upload = /^[0-9a-f-]{36}$/.test(uploadId) ? await files.findUpload(call.bucket, uploadId) : null;
  if (!upload || upload.key !== call.key) throw new S3Fault(404, 'NoSuchUpload');
  if (call.method === 'PUT') return putPart(files, call, uploadId);
  if (call.method === 'POST') return serialise(uploadId, () => completeUpload(files, call, uploadId));
  if (call.method === 'GET') return listParts(files, call, uploadId);
  if (call.method !== 'DELETE') throw new S3Fault(405, 'MethodNotAllowed');
  await files.dropBytes(await files.parts(call.bucket, uploadId));
  await files.closeUpload(call.bucket, uploadId);
  call.res.writeHead(204).end();
}

async function putPart(files: S3Files, { bucket, query, req, res }: S3Call, uploadId: string): Promise<void> {
  const number = Number(query.get('partNumber'));
  if (!Number.isInteger(number) || number < 1 || number > 10_000) throw new S3Fault(400, 'InvalidArgument');
  const upload = await files.findUpload(bucket, uploadId);
  if (upload?.isHashed && headerOf(req, 'x-amz-checksum-sha256') === undefined)
    throw new S3Fault(400, 'InvalidRequest');
  const written = await receive(files, req);
  // The upload was aborted or completed while the bytes arrived.
  if (!(await files.findUpload(bucket, uploadId))) {
    await files.dropBytes([written]);
    throw new S3Fault(404, 'NoSuchUpload');
  }
  await files.putPart(bucket, uploadId, { ...written, number });
  res.writeHead(200, { ETag: `"${written.md5}"`, 'x-amz-checksum-crc32': written.crc32 }).end();
}

const completing = new Map<string, Promise<void>>();

/** Runs concurrent requests to complete an upload one after the other. */
async function serialise(uploadId: string, complete: () => Promise<void>): Promise<void> {
  const before = completing.get(uploadId) ?? Promise.resolve();
  const mine = before.catch(() => undefined).then(complete);
  completing.set(uploadId, mine);
  try {
    await mine;
  } finally {
    if (completing.get(uploadId) === mine) completing.delete(uploadId);
  }
}

async function completeUpload(files: S3Files, call: S3Call, uploadId: string): Promise<void> {
  const { bucket, key, req, res } = call;
  const body = await textOf(req);
  const numbers = xmlTexts(body, 'PartNumber').map(Number);
  const etags = xmlTexts(body, 'ETag');
  const hashes = xmlTexts(body, 'ChecksumSHA256');
  const stored = await files.parts(bucket, uploadId);
  const upload = await files.findUpload(bucket, uploadId);
  if (!upload) throw new S3Fault(404, 'NoSuchUpload');
  if (numbers.length === 0) throw new S3Fault(400, 'MalformedXML');
  const parts = numbers.map((number, index) => {
    const part = stored.find((one) => one.number === number);
    if (!part || `"${part.md5}"` !== (etags[index] ?? '')) throw new S3Fault(400, 'InvalidPart');
    if (upload.isHashed && hashes[index] !== sha256Of(part)) {
      throw new S3Fault(400, hashes[index] === undefined ? 'InvalidRequest' : 'InvalidPart');
    }
    if (index > 0 && number <= (numbers[index - 1] ?? 0)) throw new S3Fault(400, 'InvalidPartOrder');
    return part;
  });
  if (parts.slice(0, -1).some(({ size }) => size < minPartBytes)) throw new S3Fault(400, 'EntityTooSmall');
  if (req.headers['if-none-match'] === '*' && (await files.find(bucket, key))) {
    throw new S3Fault(412, 'PreconditionFailed');
  }
  const digest = createHash('md5').update(Buffer.concat(parts.map(({ md5 }) => Buffer.from(md5, 'hex'))));
  const etag = `"${digest.digest('hex')}-${parts.length}"`;
  await files.put(bucket, key, {
    etag,
    size: parts.reduce((sum, { size }) => sum + size, 0),
    lastModified: new Date().toISOString(),
    contentType: upload.contentType,
    sse: upload.sse,
    metadata: upload.metadata,
    crc32: null,
    files: parts.map(({ file, size }) => ({ file, size })),
  });
  await files.closeUpload(bucket, uploadId);
  await files.dropBytes(stored.filter((part) => !parts.includes(part)));
  sendXml(res, xml('CompleteMultipartUploadResult', { Bucket: bucket, Key: key, ETag: etag }));
}

async function listParts(files: S3Files, { bucket, key, res }: S3Call, uploadId: string): Promise<void> {
  const parts = await files.parts(bucket, uploadId);
  // An upload that was completed or aborted meanwhile has no parts, even if they were read above.
  const upload = await files.findUpload(bucket, uploadId);
  if (!upload) throw new S3Fault(404, 'NoSuchUpload');
  sendXml(
    res,
    xml('ListPartsResult', {
      Bucket: bucket,
      Key: key,
      UploadId: uploadId,
      IsTruncated: false,
      Part: parts.map((part) => ({
        PartNumber: part.number,
        ETag: `"${part.md5}"`,
        Size: part.size,
        ...(upload.isHashed && { ChecksumSHA256: sha256Of(part) }),
      })),
    }),
  );
}

export async function listUploads(files: S3Files, { bucket, query, res }: S3Call): Promise<void> {
  const prefix = query.get('prefix') ?? '';
  const uploads = await files.uploads(bucket, prefix);
  sendXml(
    res,
    xml('ListMultipartUploadsResult', {
      Bucket: bucket,
      Prefix: prefix,
      IsTruncated: false,
      Upload: uploads.map(({ key, uploadId, initiated }) => ({
        Key: key,
        UploadId: uploadId,
        Initiated: initiated,
      })),
    }),
  );
}
