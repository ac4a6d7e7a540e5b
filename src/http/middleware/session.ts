import { fromNodeHeaders } from 'better-auth/node';
import type { RequestHandler } from 'express';
import type { Accounts } from '../../accounts/index.ts';

/** Once a request: who is signed in, as the database has it now. */
export function session(accounts: Accounts): RequestHandler {
  return async (req, res, next) => {
    const { viewer, cookies } = await accounts.viewer(fromNodeHeaders(req.headers));
    res.locals.viewer = viewer;
    for (const cookie of cookies) res.append('Set-Cookie', cookie);
    next();
  };
}
