import type { RequestHandler } from 'express';

const usualGraceMs = 10_000;

/**
 * Who is answered before all has been sent may hear it while still sending, and is then cut off: without that a body
 * that never ends would be read for hours. Closing at once would often break the connection before the answer is read.
 */
export function cutOffUnread(graceMs = usualGraceMs): RequestHandler {
  return (req, res, next) => {
    res.once('finish', () => {
      if (req.complete) return;
      req.resume();
      const timer = setTimeout(() => void (req.complete || req.socket.destroy()), graceMs);
      // Of the request, which ends with its last byte: a socket has many of them. Of a connection that breaks after the
      // answer a request does not hear: then the timer runs out, and destroys what is gone already.
      req.once('close', () => clearTimeout(timer));
    });
    next();
  };
}
