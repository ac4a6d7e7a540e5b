// The way back to the list that an action was started from, with its filters. The address of the action's page has it in
// the parameter `back`.
import type { Request } from 'express';
import { safeNext } from '../../next-path.ts';
import { remembered } from '../../../lib/remembered.ts';
import { withQuery } from '../links.ts';
import { paths } from '../../paths.ts';

export type ChangeDone = 'cancelled' | 'rescheduled';

/** The list's address; null when the action was not started from a list. */
export function listOf(req: Request): string | null {
  const path = safeNext(req.query.back);
  return path !== null && /^\/bookings(\?|$)/.test(path) ? path : null;
}

/** The address of an action's page, with the way back to this list. */
export function withBack(path: string, list: string | null): string {
  return list === null ? path : path + backQuery(list);
}

const backQuery = remembered((list: string) => withQuery('', { back: list }));

/** The page after a finished change: the list, with a notice, if it was started there; otherwise the booking. */
export function afterChange(
  booking: { id: string; reference: string },
  done: ChangeDone,
  req: Request,
): string {
  const list = listOf(req);
  if (list === null) return `${paths.booking(booking.id)}?${done}`;
  const { pathname, searchParams } = new URL(list, 'http://examdesk.invalid');
  const { cancelled: _, rescheduled: __, ...query } = Object.fromEntries(searchParams);
  return withQuery(pathname, { ...query, [done]: booking.reference });
}
