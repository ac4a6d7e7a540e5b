// The forms of actions, which edit a record or call a verb. AdminJS shows them; this file gives AdminJS what the page shows,
// and passes on what was sent. The values that AdminJS itself reads from a request are not used, because it writes any
// column and turns blanks into 0: http/console reads the values and calls the verb of a room.
import {
  EditAction,
  NewAction,
  ValidationError,
  type ActionContext,
  type ActionHandler,
  type RecordActionResponse,
} from 'adminjs';
import type { FieldError } from '../lib/result.ts';
import type { ActionButton } from './actions.ts';

/** One request for an action with a form. */
export interface ActionForm {
  /** What the page shows: parameters of AdminJS's record (public/js/console/form.js). */
  params(): Promise<Record<string, unknown>>;
  /** Calls the verb. Returns why it was refused, if it was. */
  send(): Promise<Done | Refused>;
}

export interface Done {
  notice: string;
  /** The id of the record that an action of the list has made. The form leads to it. */
  madeId?: string | undefined;
}

export interface Refused {
  problem: { detail: string; errors?: readonly FieldError[] | undefined };
  /** What the page shows from now on. Empty unless the record was changed meanwhile. */
  params: Record<string, unknown>;
}

/** The property of AdminJS's form that holds all its fields, and the error that concerns the form as a whole. */
export const formProperty = 'form';

/** For a resource's `create` and `update`. @throws ValidationError */
export async function sendForm(context: ActionContext): Promise<Record<string, never>> {
  const sent = await (context.send as ActionForm['send'])();
  if ('notice' in sent) return {};
  const { detail, errors = [] } = sent.problem;
  throw new ValidationError({
    // AdminJS takes a failure without a property for a success.
    [formProperty]: { message: detail },
    ...Object.fromEntries(errors.map(({ path, message }) => [path, { message }])),
  });
}

type Response = { locals: { form?: ActionForm } };

/** Uses AdminJS's handler that saves a record, for which saving means sending the form. Shows its fields, and leads on. */
export const formHandler =
  ({ table, kind, leadsTo }: ActionButton): ActionHandler<object> =>
  async (request, { locals: { form } }: Response, context) => {
    if (!form) throw new Error('AdminJS was asked for an action without its form');
    const { record, currentAdmin } = context;
    if (request.method === 'get')
      return { record: { ...record?.toJSON(currentAdmin), params: await form.params() } };
    let sent: Awaited<ReturnType<ActionForm['send']>> | undefined;
    const send = async () => (sent = await form.send());
    const { handler } = kind === 'record' ? EditAction : NewAction;
    const save = handler as ActionHandler<RecordActionResponse>;
    const answer = await save(request, {}, { ...context, send });
    if (!sent || !('notice' in sent))
      return { record: { ...answer.record, params: sent?.params ?? {} }, problem: sent?.problem };
    const list = `/admin/resources/${table}`;
    const id = leadsTo === 'list' ? undefined : (record?.id() ?? sent.madeId);
    return {
      ...answer,
      notice: { message: sent.notice, type: 'success' },
      redirectUrl: id ? `${list}/records/${id}/show` : list,
    };
  };
