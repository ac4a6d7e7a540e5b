// What the pages of an account share.
import type { Request, Response } from 'express';
import type { Actor } from '../../../accounts/index.ts';
import { actorOf, viewerOf } from '../../actor.ts';
import { notInTheirName } from '../../middleware/acting.ts';
import { paths } from '../../paths.ts';
import { forbidden, retryAfterSeconds, type FieldProblem } from '../../problem.ts';
import type { PageData } from '../../views.ts';

/**
 * The viewer, for pages of their own account. Refuses an acting admin: password, address, second step and sessions are
 * the referrer's alone.
 * @throws Problem `not_signed_in`, `forbidden`
 */
export function ownActor(req: Request, res: Response): Actor {
  const actor = actorOf(req, res);
  if (actor.viewer.actingAdmin) {
    throw forbidden(notInTheirName);
  }
  return actor;
}

/** Shows the page again with errors. */
export function showErrors(
  res: Response,
  view: string,
  page: PageData & { errors: FieldProblem[]; [more: string]: unknown },
): void {
  res.status(422).render(view, page);
}

/** Shows the page again after too many tries. */
export function showTooMany(
  res: Response,
  view: string,
  page: PageData,
  retryAfterMs: number,
  path: string,
): void {
  const minutes = Math.max(1, Math.ceil(retryAfterMs / 60_000));
  const message = `Too many tries. Wait ${minutes} minute${minutes === 1 ? '' : 's'}, then try again`;
  res
    .status(429)
    .set('Retry-After', retryAfterSeconds(retryAfterMs))
    .render(view, { ...page, errors: [{ path, message }] });
}

interface ClosedLinkPage {
  title: string;
  advice: string;
  /** The page that sends another link. Unset: the button leads to the sign-in, or to the first page. */
  action?: { href: string; text: string };
}

/** For a link of an e-mail that is used, revoked, expired or unknown. */
export function showClosedLink(res: Response, page: ClosedLinkPage): void {
  const usual = viewerOf(res)
    ? { href: paths.home(), text: 'Go to the start' }
    : { href: paths.signIn(), text: 'Sign in' };
  res.status(404).render('account/link-closed', { ...page, action: page.action ?? usual });
}
