// What the form of an action shows, and what sending it does: one of ./forms, with the values as they were sent. AdminJS's
// own parsing of bodies is not used: it waits for ever for one that was read, writes files to the disk, and makes 0 of a
// blank.
import type { Request, Response } from 'express';
import { whoChanged } from '../../audit/index.ts';
import type { ActionForm, SendFailure } from '../../console/index.ts';
import { actorOf } from '../actor.ts';
import { keptFormOf } from '../middleware/kept-forms.ts';
import { problemFor } from '../api/bookings.problems.ts';
import { badRequest, forbidden, Problem } from '../problem.ts';
import type { ConsoleServices } from './console.services.ts';
import { isSavedAlready, staleProblem, type Form, type FormAction } from './forms/form.ts';

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
  const request: FormRequest = { problem: null, params, send };
  return request;

  /** What was typed before the session ended is here again, with the version of then. */
  async function params(): Promise<Record<string, unknown>> {
    const kept = keptFormOf(res, req.originalUrl)?.fields;
    return paramsOf(await form.open(services, id), kept ? sentIn(kept) : null);
  }

  async function send(): Promise<{ notice: string } | SendFailure> {
    const actor = actorOf(req, res);
    const notice = form.notice ?? 'Saved';
    try {
      const sent = sentIn(req.body);
      const answer = await form.send(services, actor, id, sent);
      if (typeof answer === 'string') return { notice: answer };
      if (answer.ok) return { notice };
      if (answer.reason === 'not_allowed') throw forbidden();
      if (answer.reason !== 'stale') throw problemFor(answer);
      const newest = await form.open(services, id);
      const { now: fields = newest.fields } = answer;
      if (isSavedAlready(fields, sent.values)) return { notice };
      const who = await whoChanged(services.db, id);
      const name = who?.id === actor.viewer.userId ? 'You, perhaps in another tab,' : who?.name;
      const stale = staleProblem({ ...newest, fields }, sent.values, name ?? 'Somebody else');
      // All but what was sent, which stays as it was typed.
      const shown = Object.entries(paramsOf(newest, null)).filter(([param]) => !(param in sent.values));
      return failedBy(stale, Object.fromEntries(shown));
    } catch (error) {
      if (!(error instanceof Problem) || error.code === 'forbidden' || error.code === 'not_found')
        throw error;
      return failedBy(error, {});
    }
  }

  function failedBy(problem: Problem, newest: Record<string, unknown>): SendFailure {
    request.problem = problem;
    return { detail: problem.detail, errors: problem.errors ?? [], params: newest };
  }
}

function paramsOf(
  { fields, intro, isPartial, version }: Form,
  kept: ReturnType<typeof sentIn> | null,
): Record<string, unknown> {
  const shown = fields.map(({ name, value }) => [name, kept?.values[name] ?? value] as const);
  const described = JSON.stringify({ intro, fields, isPartial, problem: kept ? unsent : null });
  return { ...Object.fromEntries(shown), version: kept?.version ?? version, form: described };
}

function sentIn(body: unknown): { version: string; values: Record<string, unknown> } {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw badRequest('Send the values as JSON or as a form.');
  const { version, ...values } = body as Record<string, unknown>;
  if (typeof version !== 'string') throw badRequest('Send the version that the form was opened with.');
  return { version, values };
}
