import type { RequestHandler } from 'express';
import { hasBody } from './body.ts';

const usualGraceMs = 10_000;

/**
 * Closes the connection of a client that is still sending its body a while after the response: an endless body would be
 * read for hours. Closing at once would often break the connection before the client has read the response.
 */
export function closeUnread(graceMs = usualGraceMs): RequestHandler {
  return (req, res, next) => {
    if (!hasBody(req)) return next();
    res.once('finish', () => {
      if (req.complete) return;
      req.resume();
      const timer = setTimeout(() => void (req.complete || req.socket.destroy()), graceMs);
      // Listens to the request, not to the socket, which serves many requests. The request does not report a connection that
      // breaks after the response; the timer then destroys a socket that is closed already.
      req.once('close', () => clearTimeout(timer));
    });
    next();
  };
}
