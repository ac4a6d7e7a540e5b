// What the form of an action shows, and what sending it does: one of ./forms, with the values as they were sent. AdminJS's
// own parsing of bodies is not used: it waits for ever for one that was read, writes files to the disk, and makes 0 of a
// blank.
import type { Request, Response } from 'express';
import { z } from 'zod';
import { whoChanged } from '../../audit/index.ts';
import type { ActionForm, SendFailure, Sent as Done } from '../../console/index.ts';
import { asText, type Sent } from '../../lib/typed-edit.ts';
import { actorOf } from '../actor.ts';
import { keptFormOf } from '../middleware/kept-forms.ts';
import { badRequest, conflict, Problem } from '../problem.ts';
import { refusalProblem } from './console.refusals.ts';
import type { ConsoleServices } from './console.services.ts';
import type { Form, FormAction, FormField, SentForm } from './forms/form.ts';

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
    return paramsOf(await form.open(services, id), kept ? bodyOf(kept) : null);
  }

  async function send(): Promise<Done | SendFailure> {
    const actor = actorOf(req, res);
    const done: Done = { notice: form.notice ?? 'Saved' };
    try {
      const sent = sentIn(req.body);
      const answer = await form.send(services, actor, id, sent);
      if (typeof answer === 'string') return { notice: answer };
      if (answer.ok) return { ...done, madeId: idIn(answer.value) };
      if (answer.reason !== 'stale') throw refusalProblem(answer);
      const newest = await form.open(services, id);
      if (isSavedAlready(newest.fields, sent.values)) return done;
      const who = await whoChanged(services.db, id);
      const name = who?.id === actor.viewer.userId ? 'You, perhaps in another tab,' : who?.name;
      // All but what was sent, which stays as it was typed.
      const shown = Object.entries(paramsOf(newest, null)).filter(([param]) => !(param in sent.values));
      return failedBy(staleProblem(newest, sent, name ?? 'Somebody else'), Object.fromEntries(shown));
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

/** Of the record that a list's action has made. */
function idIn(value: unknown): string | undefined {
  return typeof value === 'object' && value !== null && 'id' in value ? String(value.id) : undefined;
}

function paramsOf(form: Form, kept: ReturnType<typeof bodyOf> | null): Record<string, unknown> {
  const { fields, intro, isPartial } = form;
  const shown = fields.map(({ name, value }) => [name, kept?.values[name] ?? value] as const);
  const described = JSON.stringify({ intro, fields, isPartial, problem: kept ? unsent : null });
  return { ...Object.fromEntries(shown), version: kept?.version ?? versionOf(form), form: described };
}

/** What the page sends back with the values: the record's version, and what the fields showed. */
function versionOf({ version, fields }: Form): string {
  return JSON.stringify([version, Object.fromEntries(fields.map((field) => [field.name, inRecord(field)]))]);
}

const shownVersion = z.tuple([z.string(), z.record(z.string(), z.unknown())]);

function sentIn(body: unknown): SentForm {
  const { version: shown, values } = bodyOf(body);
  if (shown === '') return { version: '', seen: {}, values };
  try {
    const [version, seen] = shownVersion.parse(JSON.parse(shown));
    return { version, seen, values };
  } catch {
    throw badRequest('This form cannot be saved any more. Open it again.');
  }
}

function bodyOf(body: unknown): { version: string; values: Sent } {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw badRequest('Send the values as JSON or as a form.');
  const { version, ...values } = body as Record<string, unknown>;
  if (typeof version !== 'string') throw badRequest('Send the version that the form was opened with.');
  return { version, values };
}

/** The form keeps what was typed and shows the current value beside each field that somebody else has changed otherwise. */
function staleProblem(newest: Form, { seen, values }: SentForm, who: string): Problem {
  const changed = newest.fields.filter(
    (field) =>
      field.name in values &&
      !isSame(values[field.name], inRecord(field)) &&
      !isSame(seen[field.name], inRecord(field)),
  );
  const what =
    changed.length > 0
      ? 'The current values are shown beside the fields. Save again to overwrite them.'
      : 'You changed other things: check the form, which shows the current values, and save again.';
  return conflict(
    'stale_version',
    `${who} changed this record after you opened it. ${what}`,
    { version: versionOf(newest) },
    changed.map((field) => ({ path: field.name, message: `Now: ${inWords(field)}` })),
  );
}

/** Whether all that was sent is in the record already, as after a request that arrives twice. */
function isSavedAlready(fields: FormField[], values: Sent): boolean {
  const names = Object.keys(values);
  const isSaved = (name: string) =>
    fields.some((field) => field.name === name && isSame(values[name], inRecord(field)));
  return names.length > 0 && names.every(isSaved);
}

const inRecord = ({ current, value }: FormField) => current ?? value;

/** Numbers come back from the form as digits. */
const isSame = (one: unknown, other: unknown): boolean => asText(one) === asText(other);

/** The value as the form shows it. */
function inWords({ value, options, display }: FormField): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return display ?? options?.find((option) => option.value === value)?.label ?? (String(value) || 'empty');
}
