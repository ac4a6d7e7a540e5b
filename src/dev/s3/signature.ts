// AWS Signature Version 4 as S3 checks it: in the Authorization header, or in a presigned address.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
}

/** S3's error codes for a wrong signature. */
export type SignatureFault =
  | 'AccessDenied'
  | 'InvalidAccessKeyId'
  | 'SignatureDoesNotMatch'
  | 'RequestTimeTooSkewed'
  | 'AuthorizationQueryParametersError';

interface Claim {
  accessKeyId: string;
  /** `20261201/us-east-1/s3/aws4_request` */
  scope: string;
  at: string;
  signedHeaders: string[];
  signature: string;
  payload: string;
}

const maxSkewMs = 15 * 60_000;
const maxPresignedSeconds = 7 * 24 * 3600;

export function checkSignature(
  req: IncomingMessage,
  { accessKeyId, secretAccessKey }: Credentials,
  now = Date.now(),
): SignatureFault | null {
  const [path, query] = splitOnce(req.url ?? '/', '?');
  const parameters = new URLSearchParams(query);
  const presigned = parameters.has('X-Amz-Signature');
  const claim = presigned ? claimOfAddress(parameters) : claimOfHeader(req);
  if (!claim) return 'AccessDenied';
  if (claim.accessKeyId !== accessKeyId) return 'InvalidAccessKeyId';
  const fault = presigned ? faultOfAge(parameters, claim, now) : faultOfClock(claim, now);
  if (fault) return fault;
  if (!claim.signedHeaders.includes('host')) return 'SignatureDoesNotMatch';

  const request = [
    req.method ?? 'GET',
    path,
    canonicalQuery(query),
    ...claim.signedHeaders.map((name) => `${name}:${headerValue(req, name)}`),
    '',
    claim.signedHeaders.join(';'),
    claim.payload,
  ].join('\n');
  const text = ['AWS4-HMAC-SHA256', claim.at, claim.scope, sha256(request)].join('\n');
  const key = claim.scope
    .split('/')
    .reduce<Buffer | string>((secret, part) => hmac(secret, part), `AWS4${secretAccessKey}`);
  return isSame(hmac(key, text).toString('hex'), claim.signature) ? null : 'SignatureDoesNotMatch';
}

function claimOfHeader(req: IncomingMessage): Claim | null {
  const found =
    /^AWS4-HMAC-SHA256 Credential=([^/,]+)\/([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      req.headers.authorization ?? '',
    );
  const payload = req.headers['x-amz-content-sha256'];
  const at = req.headers['x-amz-date'];
  if (!found || typeof payload !== 'string' || typeof at !== 'string') return null;
  const [, accessKeyId = '', scope = '', headers = '', signature = ''] = found;
  return { accessKeyId, scope, at, signedHeaders: headers.split(';'), signature, payload };
}

function claimOfAddress(parameters: URLSearchParams): Claim | null {
  if (parameters.get('X-Amz-Algorithm') !== 'AWS4-HMAC-SHA256') return null;
  const [accessKeyId, scope] = splitOnce(parameters.get('X-Amz-Credential') ?? '', '/');
  return {
    accessKeyId,
    scope,
    at: parameters.get('X-Amz-Date') ?? '',
    signedHeaders: (parameters.get('X-Amz-SignedHeaders') ?? '').split(';'),
    signature: parameters.get('X-Amz-Signature') ?? '',
    payload: parameters.get('X-Amz-Content-Sha256') ?? 'UNSIGNED-PAYLOAD',
  };
}

function faultOfClock({ at }: Claim, now: number): SignatureFault | null {
  const age = now - instantOf(at);
  return Number.isNaN(age) || Math.abs(age) > maxSkewMs ? 'RequestTimeTooSkewed' : null;
}

function faultOfAge(parameters: URLSearchParams, { at }: Claim, now: number): SignatureFault | null {
  const seconds = Number(parameters.get('X-Amz-Expires'));
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > maxPresignedSeconds) {
    return 'AuthorizationQueryParametersError';
  }
  const age = now - instantOf(at);
  return age >= -maxSkewMs && age <= seconds * 1000 ? null : 'AccessDenied';
}

/** `20261201T090000Z` */
function instantOf(at: string): number {
  return Date.parse(at.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}

function canonicalQuery(query: string): string {
  return query
    .split('&')
    .filter((pair) => pair !== '' && !pair.startsWith('X-Amz-Signature='))
    .map((pair) => (pair.includes('=') ? pair : `${pair}=`))
    .sort()
    .join('&');
}

function headerValue(req: IncomingMessage, name: string): string {
  const value = req.headers[name];
  return (Array.isArray(value) ? value.join(',') : (value ?? '')).trim().replaceAll(/ +/g, ' ');
}

function splitOnce(text: string, at: string): [string, string] {
  const index = text.indexOf(at);
  return index < 0 ? [text, ''] : [text.slice(0, index), text.slice(index + 1)];
}

function isSame(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
