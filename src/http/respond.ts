import type { Request, Response } from 'express';

/**
 * Whether the client is a program, by its `Accept` header. A client that accepts anything is a program when it sends a
 * JSON body, and a browser otherwise.
 */
export function wantsJson(req: Request): boolean {
  const accept = req.get('accept');
  if (accept === undefined || accept.trim() === '*/*')
    return req.is('json') !== false && req.is('json') !== null;
  let isJson = jsonByAccept.get(accept);
  if (isJson === undefined) {
    isJson = req.accepts(['html', 'json']) === 'json';
    if (jsonByAccept.size >= 500) jsonByAccept.clear();
    jsonByAccept.set(accept, isJson);
  }
  return isJson;
}

// Clients send few different headers, and each request asks several times.
const jsonByAccept = new Map<string, boolean>();

/** Whether htmx requests a fragment. HX-Request does not tell: htmx omits it on a history restore. */
export function wantsFragment(req: Request): boolean {
  return req.get('HX-Request-Type') === 'partial';
}

/**
 * Whether a timer of an open page sent the request, and not a person: it does not extend the session. Every timer in
 * views/ and public/js/ sends the header.
 */
export function isPolling(req: Request): boolean {
  // Pages that were opened before 0.3.0 was deployed send X-By-Itself.
  return req.get('X-Polling') === 'true' || req.get('X-By-Itself') === 'true';
}

/** A fragment requested by a timer of an open page. */
export function isFragmentPoll(req: Request): boolean {
  return isPolling(req) && wantsFragment(req);
}

/** @param cookies Set-Cookie lines */
export function setCookies(res: Response, cookies: string[]): void {
  for (const cookie of cookies) res.append('Set-Cookie', cookie);
}

/** A view's HTML, for an answer that is more than it. */
export function htmlOf(res: Response, view: string, data: object): Promise<string> {
  return new Promise((resolve, reject) => {
    res.render(view, data, (error: Error | null, html) => (error ? reject(error) : resolve(html)));
  });
}
