// Calls handlers one after the other, as a router does. A router first compares the path of each handler with the request's,
// which takes longer than most of our handlers do.
import type { NextFunction, RequestHandler } from 'express';

/** `stack`: the handlers, as Express lists them. */
export function inOrder(
  ...handlers: RequestHandler[]
): RequestHandler & { stack: { handle: RequestHandler }[] } {
  const handle: RequestHandler = (req, res, next) => {
    let place = 0;
    const proceed = (error?: unknown): void => {
      const handler = error ? undefined : handlers[place];
      if (!handler) return next(error);
      place += 1;
      try {
        const answering = handler(req, res, proceed);
        if (answering instanceof Promise) void passOnRejection(answering, next);
      } catch (reason) {
        next(reason);
      }
    };
    proceed();
  };
  return Object.assign(handle, { stack: handlers.map((handler) => ({ handle: handler })) });
}

async function passOnRejection(answering: Promise<unknown>, next: NextFunction): Promise<void> {
  try {
    await answering;
  } catch (reason) {
    next(reason ?? new Error('A promise was rejected'));
  }
}
