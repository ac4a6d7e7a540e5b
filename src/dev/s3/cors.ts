// Decides as S3 does, by the bucket's rules, which pages may send to the store.
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

/** The rules that direct uploads need. A test compares them with docs/documents.md. */
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

/** Answers preflight requests, and allows the page to read other answers. True when it has answered. */
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
