// Keeps forms that arrive after their session has ended, and hands them to the page that shows them again.
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { isSecretField, type KeptForm, type KeptForms, type Viewer } from '../../accounts/index.ts';
import { viewerOf } from '../actor.ts';
import { safeNext } from '../next-path.ts';
import { paths } from '../paths.ts';
import { isPolling, setCookies, wantsJson } from '../respond.ts';

/** `res.locals.keptForms`: what the viewer sent after an earlier session had ended (see ../fill-forms.ts). */
export function keptForms(kept: KeptForms): RequestHandler {
  return (req, res, next) => {
    const viewer = viewerOf(res);
    if (!viewer || isPolling(req)) return next();
    if (req.method === 'POST') return remove(req, next);
    // Programs get no cookie, and nothing is looked up for a browser without a kept form.
    const isIdle = wantsJson(req) && !kept.hasKept(req.headers.cookie);
    if (req.method !== 'GET' || isIdle) return next();
    return show(req, res, viewer, next);
  };

  async function remove(req: Request, next: NextFunction): Promise<void> {
    await kept.remove(req.headers.cookie, req.originalUrl);
    next();
  }

  async function show(req: Request, res: Response, viewer: Viewer, next: NextFunction): Promise<void> {
    const found = await kept.find(req.headers.cookie, viewer);
    res.locals.keptForms = found.forms;
    const line = wantsJson(req) ? null : found.cookie();
    if (line !== null) setCookies(res, [line]);
    next();
  }
}

/** The form of this address that the viewer sent after an earlier session had ended. */
export function keptFormOf(res: Response, action: string): KeptForm | null {
  const { keptForms: forms = [] } = res.locals as { keptForms?: KeptForm[] };
  return forms.find((form) => form.action === action) ?? null;
}

/**
 * Forms that are not kept, because no page would show them again: searches, whose words may be an examinee's name and are
 * quickly typed again, and what was selected in a list of the console.
 */
const notShownAgain = new Set([paths.search(), paths.bookingSearch(), paths.bulkActions()]);

/** Call it for a request without a session. @returns whether the request was a form, and is kept */
export async function keepForm(kept: KeptForms, req: Request, res: Response): Promise<boolean> {
  const isWorthKeeping = req.method === 'POST' && !notShownAgain.has(req.path);
  const fields = isWorthKeeping ? fieldsOf(req) : null;
  if (!fields) return false;
  const cookie = await kept.keep(req.headers.cookie, { action: req.originalUrl, fields });
  if (cookie !== null) setCookies(res, [cookie]);
  return cookie !== null;
}

export interface FormToSendAgain {
  action: string;
  fields: { name: string; value: string }[];
}

/**
 * The form as it was sent, for a page that says that it could not be processed now. Null when the request is no form, or
 * when it has files, a password or a code, which no page shows.
 */
export function formToSendAgain(req: Request): FormToSendAgain | null {
  if (req.method !== 'POST' || !req.is('urlencoded')) return null;
  const sent = Object.entries((req.body ?? {}) as Record<string, unknown>);
  const action = safeNext(req.originalUrl);
  if (action === null || sent.some(([name]) => isSecretField(name))) return null;
  return {
    action,
    fields: sent.flatMap(([name, value]) =>
      [value].flat().flatMap((one) => (typeof one === 'string' ? [{ name, value: one }] : [])),
    ),
  };
}

/** The forms that the console sends as JSON. */
const consoleForms = /^\/admin\/api\/resources\/[^/]+\/(records\/[^/]+|actions)\/[\w-]+(\?|$)/i;

/** Null when the body is not that of one of our forms. */
function fieldsOf(req: Request): Record<string, unknown> | null {
  // Files cannot be kept; the page says so.
  if (req.is('multipart')) return wantsJson(req) ? null : {};
  const body = (req.body ?? {}) as Record<string, unknown>;
  if (req.is('urlencoded')) return body;
  return consoleForms.test(req.originalUrl) && req.is('json') ? body : null;
}
