import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Request, RequestHandler } from 'express';
import helmet from 'helmet';
import { paths, signedPaths } from '../paths.ts';
import { Problem } from '../problem.ts';

/** The Content-Security-Policy of every page: no inline scripts or styles, nothing from other origins. */
export const ownOnly =
  "default-src 'self';base-uri 'none';object-src 'none';form-action 'self';frame-ancestors 'none'";

/** With direct uploads, browsers may also connect to the file store. */
export function securityHeaders({
  isHttps,
  uploadOrigin,
}: {
  isHttps: boolean;
  uploadOrigin: string | null;
}): RequestHandler {
  const policy = uploadOrigin === null ? ownOnly : `${ownOnly};connect-src 'self' ${uploadOrigin}`;
  const headers = headersOf(
    helmet({
      contentSecurityPolicy: false,
      referrerPolicy: { policy: 'same-origin' },
      strictTransportSecurity: isHttps,
    }),
  );
  return (_req, res, next) => {
    res.setHeader('Content-Security-Policy', policy);
    for (const [name, value] of headers) res.setHeader(name, value);
    next();
  };
}

/** The headers that helmet sets. They are the same on every answer, so they are computed once. */
function headersOf(middleware: ReturnType<typeof helmet>): [string, string][] {
  const headers = new Map<string, string>();
  const res = {
    setHeader: (name: string, value: string) => headers.set(name, value),
    removeHeader: (name: string) => headers.delete(name),
  };
  middleware({} as IncomingMessage, res as unknown as ServerResponse, (error) => {
    if (error) throw error;
  });
  return [...headers];
}

/** Whether the browser says that a page of our own origin sent the request; null when it does not say. */
export function isFromOwnPage(req: Request, own: string): boolean | null {
  const site = req.get('sec-fetch-site');
  const origin = req.get('origin');
  if (site === undefined && origin === undefined) return null;
  const isOwnOrigin =
    origin === undefined || origin === own || origin === `${req.protocol}://${req.get('host')}`;
  return isOwnOrigin && (site === undefined || site === 'same-origin');
}

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);
/** Mail programs send this request without an origin (RFC 8058). Its address is signed, and stops one kind of e-mail. */
const stopPath = paths.accountMailStop('');

export function isExemptFromSameSite(path: string): boolean {
  return signedPaths.has(path) || path.startsWith(stopPath);
}

/** A request that changes something must name our own origin, in `Origin` or `Sec-Fetch-Site`. */
export function sameSite(baseUrl: string): RequestHandler {
  const own = new URL(baseUrl).origin;
  return (req, _res, next) => {
    if (safeMethods.has(req.method) || isExemptFromSameSite(req.path)) return next();
    if (isFromOwnPage(req, own)) return next();
    next(
      new Problem(
        'cross_site',
        'This request did not come from Examdesk itself. Programs send an Origin header with our own address.',
      ),
    );
  };
}

/** Responses may hold health information, so they are never cached. The page, fragment and JSON of a URL vary by headers. */
export const privateAnswers: RequestHandler = (_req, res, next) => {
  res.setHeader('Cache-Control', 'no-store');
  res.setHeader('Vary', 'Accept, Accept-Encoding, HX-Request-Type');
  next();
};
