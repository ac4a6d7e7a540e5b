// AdminJS's own `edit` and `new`: what their page shows, and how they save. The values that AdminJS reads from a request
// are not used: it writes any column, and turns blanks into 0. http/console reads them, and calls the verb of a room.
import {
  ValidationError,
  type ActionContext,
  type ActionRequest,
  type ActionResponse,
  type CurrentAdmin,
} from 'adminjs';
import type { Table } from './table.ts';

/** One request for `edit` or `new`. */
export interface Edit {
  /** What the page shows: parameters of AdminJS's record (public/js/console/form.js). */
  params(): Promise<Record<string, unknown>>;
  /** Saves what was sent; or says why not, and which version of the record says so. */
  save(): Promise<EditFailure | null>;
}

export interface EditFailure {
  detail: string;
  errors: readonly { path: string; message: string }[];
  version?: string;
}

/** The property of AdminJS's form that holds all its fields, and what is wrong with it as a whole. */
export const formProperty = 'form';

// Not a part of the viewer's record, which AdminJS writes into its page.
const edits = new WeakMap<CurrentAdmin, Edit>();
const failures = new WeakMap<Edit, EditFailure>();

/** Call it before AdminJS gets the request, with the viewer that it gets. */
export function giveEdit(admin: CurrentAdmin, edit: Edit): void {
  edits.set(admin, edit);
}

function editOf({ currentAdmin }: Pick<ActionContext, 'currentAdmin'>): Edit {
  const edit = currentAdmin && edits.get(currentAdmin);
  if (!edit) throw new Error('AdminJS was asked to save a record without an edit');
  return edit;
}

/** For a resource's `create` and `update`. @throws ValidationError */
export async function saveEdit(context: ActionContext): Promise<Record<string, never>> {
  const edit = editOf(context);
  const failure = await edit.save();
  if (failure === null) return {};
  failures.set(edit, failure);
  const { detail, errors } = failure;
  throw new ValidationError({
    // AdminJS takes a failure without a property for a success.
    [formProperty]: { message: detail },
    ...Object.fromEntries(errors.map(({ path, message }) => [path, { message }])),
  });
}

/** After AdminJS's handler: shows only the form's fields, leaves what was typed, and leads back to the record. */
export const afterEdit =
  (table: Table) =>
  async (
    answer: ActionResponse,
    { method }: ActionRequest,
    context: ActionContext,
  ): Promise<ActionResponse> => {
    const edit = editOf(context);
    const record = answer.record as { id?: string };
    if (method === 'get') return { ...answer, record: { ...record, params: await edit.params() } };
    const failure = failures.get(edit);
    if (failure)
      return { record: { ...record, params: failure.version ? { version: failure.version } : {} } };
    const list = `/admin/resources/${table.id}`;
    return { ...answer, redirectUrl: record.id ? `${list}/records/${record.id}/show` : list };
  };
