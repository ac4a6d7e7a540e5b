// The form of an action: AdminJS's own, for editing a record as for a verb. Here is what its page shows, and how it is
// sent. The values that AdminJS reads from a request are not used: it writes any column, and turns blanks into 0.
// http/console reads them, and calls the verb of a room.
import {
  EditAction,
  NewAction,
  ValidationError,
  type ActionContext,
  type ActionRequest,
  type ActionResponse,
  type CurrentAdmin,
} from 'adminjs';
import type { ActionButton } from './actions.ts';

/** One request for an action with a form. */
export interface ActionForm {
  /** What the page shows: parameters of AdminJS's record (public/js/console/form.js). */
  params(): Promise<Record<string, unknown>>;
  /** Does what was asked; or says why not. */
  send(): Promise<{ notice: string } | SendFailure>;
}

export interface SendFailure {
  detail: string;
  errors: readonly { path: string; message: string }[];
  /** What the page shows from now on: nothing, unless the record has changed. */
  params: Record<string, unknown>;
}

/** The property of AdminJS's form that holds all its fields, and what is wrong with it as a whole. */
export const formProperty = 'form';

// Not a part of the viewer's record, which AdminJS writes into its page.
const forms = new WeakMap<CurrentAdmin, ActionForm>();
const outcomes = new WeakMap<ActionForm, { notice: string } | SendFailure>();

/** Call it before AdminJS gets the request, with the viewer that it gets. */
export function giveForm(admin: CurrentAdmin, form: ActionForm): void {
  forms.set(admin, form);
}

function formOf({ currentAdmin }: Pick<ActionContext, 'currentAdmin'>): ActionForm {
  const form = currentAdmin && forms.get(currentAdmin);
  if (!form) throw new Error('AdminJS was asked for an action without its form');
  return form;
}

/** For a resource's `create` and `update`. @throws ValidationError */
export async function sendForm(context: ActionContext): Promise<Record<string, never>> {
  const form = formOf(context);
  const outcome = await form.send();
  outcomes.set(form, outcome);
  if ('notice' in outcome) return {};
  const { detail, errors } = outcome;
  throw new ValidationError({
    // AdminJS takes a failure without a property for a success.
    [formProperty]: { message: detail },
    ...Object.fromEntries(errors.map(({ path, message }) => [path, { message }])),
  });
}

/** AdminJS saves a record; what that means is up to the form. */
export const formHandler = ({ kind }: ActionButton) =>
  kind === 'record' ? EditAction.handler : NewAction.handler;

/** After AdminJS's handler: shows only the form's fields, leaves what was typed, and leads on. */
export const afterForm =
  ({ table, leadsTo }: ActionButton) =>
  async (
    answer: ActionResponse,
    { method }: ActionRequest,
    context: ActionContext,
  ): Promise<ActionResponse> => {
    const form = formOf(context);
    const record = answer.record as { id?: string };
    if (method === 'get') return { ...answer, record: { ...record, params: await form.params() } };
    const outcome = outcomes.get(form);
    if (!outcome || !('notice' in outcome)) return { record: { ...record, params: outcome?.params ?? {} } };
    const list = `/admin/resources/${table}`;
    return {
      ...answer,
      notice: { message: outcome.notice, type: 'success' },
      redirectUrl: record.id && leadsTo !== 'list' ? `${list}/records/${record.id}/show` : list,
    };
  };
