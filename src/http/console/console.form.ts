// Shows and sends the form of an action, which is one of ./forms, with the values as they were sent. AdminJS's own parsing
// of bodies is not used: it waits for ever for a body that was read before, writes files to the disk, and turns a blank
// into 0.
import type { Request, Response } from 'express';
import { z } from 'zod';
import { whoChanged } from '../../audit/index.ts';
import type { ActionForm, Done, Refused } from '../../console/index.ts';
import { changedSince, type Sent } from '../../lib/typed-edit.ts';
import { actorOf } from '../actor.ts';
import { keptFormOf } from '../middleware/kept-forms.ts';
import { badRequest, conflict, notFound, Problem } from '../problem.ts';
import { refusalProblem } from './console.refusals.ts';
import type { ConsoleServices } from './console.services.ts';
import type { FormAction, FormField, SentForm } from './forms/form.ts';

const unsent =
  'Your session had ended, and nothing was sent. What you typed is here again: check it, then send it.';

export function formRequest(
  services: ConsoleServices,
  req: Request,
  res: Response,
  form: FormAction,
  id: string,
): ActionForm {
  return { params, send };

  /** What the person had sent when their session had ended is shown again, with the version of that time. */
  async function params(): Promise<Record<string, unknown>> {
    const opened = await openForm(services, form, id);
    const kept = keptFormOf(res, req.originalUrl)?.fields;
    if (!kept) return paramsOf(opened);
    const { version, values } = bodyOf(kept);
    return paramsOf({ ...opened, version }, values, unsent);
  }

  async function send(): Promise<Done | Refused> {
    const actor = actorOf(req, res);
    const done: Done = { notice: form.notice ?? 'Saved' };
    let newest: Record<string, unknown> = {};
    try {
      const sent = sentIn(req.body);
      const answer = await form.send(services, actor, id, sent);
      if (typeof answer === 'string') return { notice: answer };
      if (answer.ok) return { ...done, madeId: idIn(answer.value) };
      if (answer.reason !== 'stale') throw refusalProblem(answer);
      const opened = await openForm(services, form, id);
      if (isSavedAlready(opened, sent)) return done;
      // Everything that the page shows anew, except the sent values, which stay as they were typed.
      const shown = Object.entries(paramsOf(opened)).filter(([param]) => !(param in sent.values));
      newest = Object.fromEntries(shown);
      const who = await whoChanged(services.db, id);
      const name = who?.id === actor.viewer.userId ? 'You, perhaps in another tab,' : who?.name;
      throw staleProblem(opened, sent, name ?? 'Somebody else');
    } catch (error) {
      if (!(error instanceof Problem) || error.code === 'forbidden' || error.code === 'not_found')
        throw error;
      return { problem: error, params: newest };
    }
  }
}

/** The id of the record that an action of a list has made. */
function idIn(value: unknown): string | undefined {
  return typeof value === 'object' && value !== null && 'id' in value ? String(value.id) : undefined;
}

/** `version`: the record's version and the values that the fields showed. The page sends it back with the new values. */
async function openForm(services: ConsoleServices, form: FormAction, id: string) {
  const shown = await form.read(services, id);
  if (shown === null) throw notFound();
  const intro = await form.intro(shown, services);
  const fields = (await form.fields?.(shown, services)) ?? [];
  const inRecord = Object.fromEntries(fields.map(({ name, current, value }) => [name, current ?? value]));
  const version = JSON.stringify([String(form.version?.(shown) ?? ''), inRecord]);
  return { intro, fields, isPartial: form.isPartial, inRecord, version };
}
type Opened = Awaited<ReturnType<typeof openForm>>;

/** @param typed values that are shown in place of the record's */
function paramsOf(
  { intro, fields, isPartial, version }: Opened,
  typed: Sent = {},
  problem?: string,
): Record<string, unknown> {
  const values = fields.map(({ name, value }) => [name, typed[name] ?? value] as const);
  const form = JSON.stringify({ intro, fields, isPartial, problem });
  return { ...Object.fromEntries(values), version, form };
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
  const { version, ...values } = (body ?? {}) as Sent;
  if (typeof version !== 'string')
    throw badRequest('Send the values, and the version that the form was opened with.');
  return { version, values };
}

/** Keeps what was typed, and shows the current value beside each field that somebody else has set to another value. */
function staleProblem(
  { fields, inRecord, version }: Opened,
  { seen, values }: SentForm,
  who: string,
): Problem {
  const [theirs, others] = [changedSince(seen, inRecord), changedSince(values, inRecord)];
  const changed = fields.filter(
    ({ name }) => name in values && theirs.includes(name) && others.includes(name),
  );
  const what =
    changed.length > 0
      ? 'The current values are shown beside the fields. Save again to overwrite them.'
      : 'You changed other things: check the form, which shows the current values, and save again.';
  return conflict(
    'stale_version',
    `${who} changed this record after you opened it. ${what}`,
    { version },
    changed.map((field) => ({ path: field.name, message: `Now: ${inWords(field)}` })),
  );
}

/** Whether all that was sent is in the record already, as after a request that arrives twice. */
function isSavedAlready({ inRecord }: Opened, { values }: SentForm): boolean {
  return Object.keys(values).length > 0 && changedSince(inRecord, values).length === 0;
}

/** The value as the form shows it. */
function inWords({ value, options, display }: FormField): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return display ?? options?.find((option) => option.value === value)?.label ?? (String(value) || 'empty');
}
