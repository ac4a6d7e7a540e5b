import type { RequestHandler } from 'express';
import helmet from 'helmet';
import { Problem } from '../problem.ts';

/**
 * No inline script, no inline style, nothing from elsewhere: what the pages need is served from here. Only where
 * browsers send files to the store themselves may they speak to it.
 */
export function securityHeaders({
  isHttps,
  uploadOrigin,
}: {
  isHttps: boolean;
  uploadOrigin: string | null;
}): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        ...(uploadOrigin !== null && { connectSrc: ["'self'", uploadOrigin] }),
        baseUri: ["'none'"],
        objectSrc: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    referrerPolicy: { policy: 'same-origin' },
    strictTransportSecurity: isHttps,
  });
}

const changesNothing = new Set(['GET', 'HEAD', 'OPTIONS']);
/** Called by other systems, which sign what they send. */
const signedInstead = new Set(['/webhooks/acuity', '/automation/acuity']);

/** A request that changes something must say that it comes from our own pages (or from a program that says so). */
export function sameSite(baseUrl: string): RequestHandler {
  const own = new URL(baseUrl).origin;
  return (req, _res, next) => {
    if (changesNothing.has(req.method) || signedInstead.has(req.path)) return next();
    const site = req.get('sec-fetch-site');
    const origin = req.get('origin');
    const isOwnSite = site === undefined || site === 'same-origin';
    const isOwnOrigin =
      origin === undefined || origin === own || origin === `${req.protocol}://${req.get('host')}`;
    if ((site !== undefined || origin !== undefined) && isOwnSite && isOwnOrigin) return next();
    next(
      new Problem(
        'cross_site',
        'This request did not come from Examdesk itself. Programs send an Origin header with our own address.',
      ),
    );
  };
}

/** Pages and answers of a signed-in person stay out of every cache; both shapes of a URL are told apart. */
export const privateAnswers: RequestHandler = (_req, res, next) => {
  res.set('Cache-Control', 'no-store');
  res.vary('Accept');
  res.vary('HX-Request-Type');
  next();
};
