// What the form of an action shows, and what sending it does: one of ./forms, with the values as they were sent. AdminJS's
// own parsing of bodies is not used: it waits for ever for one that was read, writes files to the disk, and makes 0 of a
// blank.
import type { Request, Response } from 'express';
import type { ActionForm, SendFailure } from '../../console/index.ts';
import { actorOf } from '../actor.ts';
import { keptFormOf } from '../middleware/kept-forms.ts';
import { badRequest, Problem } from '../problem.ts';
import type { ConsoleServices } from './console.services.ts';
import type { FormAction } from './forms/index.ts';

const unsent =
  'Your session had ended, and nothing was sent. What you typed is here again: check it, then send it.';

/** One request: its answer is `problem` when the room refused. */
export interface FormRequest extends ActionForm {
  problem: Problem | null;
}

export function formRequest(
  services: ConsoleServices,
  req: Request,
  res: Response,
  form: FormAction,
  id: string,
): FormRequest {
  const request: FormRequest = { problem: null, params: paramsOf, send };
  return request;

  async function paramsOf(): Promise<Record<string, unknown>> {
    const opened = await form.open(services, id);
    const { fields, intro, isPartial } = opened;
    const kept = keptFormOf(res, req.originalUrl)?.fields;
    // With the version of then: a change since is shown when it is sent.
    const { version, values } = kept ? sentIn(kept) : { version: opened.version, values: {} };
    const shown = fields.map(({ name, value }) => [name, values[name] ?? value] as const);
    const described = JSON.stringify({ intro, fields, isPartial, problem: kept ? unsent : null });
    return { ...Object.fromEntries(shown), version, form: described };
  }

  /** Of a record that changed meanwhile: all but what was sent, which stays as it was typed. */
  async function newestParams(version: string): Promise<Record<string, unknown>> {
    const newest = { ...(await paramsOf()), version };
    const { values } = sentIn(req.body);
    return Object.fromEntries(Object.entries(newest).filter(([name]) => !(name in values)));
  }

  async function send(): Promise<{ notice: string } | SendFailure> {
    try {
      return { notice: await form.send(services, actorOf(req, res), id, sentIn(req.body)) };
    } catch (error) {
      if (!(error instanceof Problem) || error.code === 'forbidden' || error.code === 'not_found')
        throw error;
      request.problem = error;
      const { detail, errors = [], extra } = error;
      const { version } = extra;
      return { detail, errors, params: typeof version === 'string' ? await newestParams(version) : {} };
    }
  }
}

function sentIn(body: unknown): { version: string; values: Record<string, unknown> } {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw badRequest('Send the values as JSON or as a form.');
  const { version, ...values } = body as Record<string, unknown>;
  if (typeof version !== 'string') throw badRequest('Send the version that the form was opened with.');
  return { version, values };
}
