// Starts and stops acting, for the pages and the API.
import type { Request, Response } from 'express';
import {
  actRequest,
  type ImpersonationService,
  type Started,
  type StartFailure,
} from '../impersonation/index.ts';
import { actorOf, headersOf, viewerOf } from './actor.ts';
import { forbidden, invalid, notFound, notSignedIn, parse, type Problem } from './problem.ts';
import { setCookies } from './respond.ts';

/** @throws Problem */
export async function startActing(
  impersonation: ImpersonationService,
  req: Request,
  res: Response,
): Promise<Started> {
  const { userId, reason } = parse(actRequest, req.body);
  const started = await impersonation.start(actorOf(req, res), headersOf(req), userId, reason);
  if (!started.ok) throw refused(started);
  setCookies(res, started.value.cookies);
  return started.value;
}

/** @returns whether the admin's own session was restored. @throws Problem */
export async function stopActing(
  impersonation: ImpersonationService,
  req: Request,
  res: Response,
): Promise<boolean> {
  const viewer = viewerOf(res);
  if (!viewer?.actingAdmin) {
    // Acting had ended already, and session.ts has restored the admin's session.
    if (res.locals.isAdminRestored === true) return true;
    throw forbidden('Nobody is acting in this session.');
  }
  const { isAdminBack, cookies } = await impersonation.exit(headersOf(req), viewer);
  setCookies(res, cookies);
  return isAdminBack;
}

function refused({ reason }: StartFailure): Problem {
  if (reason === 'not_a_referrer') return notFound('There is no active referrer of this id.');
  if (reason === 'session_ended') return notSignedIn();
  if (reason === 'oneself') return invalid([{ path: 'userId', message: 'You cannot act as yourself' }]);
  return forbidden('You are acting as somebody already. Stop acting first.');
}
