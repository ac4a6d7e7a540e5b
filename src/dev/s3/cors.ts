// Which pages may send to the store, as S3 decides it: by the rules on the bucket.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html
import type { IncomingMessage, ServerResponse } from 'node:http';
import { headerOf } from './requests.ts';
import { S3Fault } from './xml.ts';

export interface CorsRule {
  /** `*`: any. */
  AllowedOrigins: string[];
  AllowedMethods: string[];
  /** In lower case. */
  AllowedHeaders: string[];
  MaxAgeSeconds: number;
}

/** What direct uploads need; docs/documents.md gives it to operators, and a test compares the two. */
export function uploadCors(origin: string): CorsRule[] {
  return [
    {
      AllowedOrigins: [origin],
      AllowedMethods: ['PUT'],
      AllowedHeaders: ['x-amz-checksum-sha256'],
      MaxAgeSeconds: 3600,
    },
  ];
}

/** Answers preflight requests, and marks other answers as readable by the page. True when it has answered. */
export function answerCors(req: IncomingMessage, res: ServerResponse, rules: CorsRule[]): boolean {
  const { origin } = req.headers;
  const isPreflight = req.method === 'OPTIONS';
  const method = isPreflight ? headerOf(req, 'access-control-request-method') : req.method;
  const headers = isPreflight ? headerNames(headerOf(req, 'access-control-request-headers')) : [];
  const rule = rules.find(
    ({ AllowedOrigins, AllowedMethods, AllowedHeaders }) =>
      AllowedOrigins.some((one) => one === '*' || one === origin) &&
      AllowedMethods.some((one) => one === method) &&
      headers.every((name) => AllowedHeaders.includes(name)),
  );
  if (origin && rule) {
    res.setHeader('Access-Control-Allow-Origin', origin);
    res.setHeader('Access-Control-Allow-Methods', rule.AllowedMethods.join(', '));
    res.setHeader('Vary', 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method');
  }
  if (!isPreflight) return false;
  if (!rule) throw new S3Fault(403, 'AccessForbidden');
  res.setHeader('Access-Control-Max-Age', String(rule.MaxAgeSeconds));
  if (headers.length > 0) res.setHeader('Access-Control-Allow-Headers', headers.join(', '));
  res.writeHead(200).end();
  return true;
}

function headerNames(list = ''): string[] {
  return list
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter(Boolean);
}
