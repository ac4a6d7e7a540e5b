// The forms of the console's actions, as its page asks for them and sends them.
import type { Agent } from './app.ts';

export interface OpenedForm {
  version: string;
  intro: string;
  /** The page sends only what was changed in it. */
  isPartial?: boolean;
  fields: {
    name: string;
    type: string;
    value: unknown;
    options?: { value: string; label: string }[];
    source?: string;
    display?: string;
  }[];
  /** What the page sends back, by field. */
  values: Record<string, unknown>;
}

/** @param id null: of the list */
export function formAddress(table: string, id: string | null, action = id === null ? 'new' : 'edit'): string {
  return `/admin/api/resources/${table}/${id === null ? 'actions' : `records/${id}`}/${action}`;
}

/** Sends a form without fields, which asks whether to go on, with the version that it shows. @param status of the answer */
export async function confirm(agent: Agent, address: string, status: number) {
  const shown = (await agent.get(address)).body as { record?: { params?: { version?: string } } };
  const version = shown.record?.params?.version ?? '';
  return sendForm(agent, address, { version, values: {} }).expect(status);
}

export async function openForm(agent: Agent, address: string): Promise<OpenedForm> {
  const { body } = await agent.get(address).expect(200);
  return openedIn(body);
}

export function openedIn(body: unknown): OpenedForm {
  const { version, form, ...values } = (body as { record: { params: Record<string, string> } }).record.params;
  const { intro, isPartial, fields } = JSON.parse(String(form)) as OpenedForm;
  return { version: String(version), intro, isPartial, fields, values };
}

/** Sends `{ version, values }` as the page does: AdminJS sends every value as text. */
export const sendForm = (
  agent: Agent,
  address: string,
  { version, values }: { version: string; values: object },
) => agent.post(address).send({ ...values, version });

/** Opens the form and sends it with these values. */
export async function changeForm(agent: Agent, address: string, values: object) {
  const { version } = await openForm(agent, address);
  return sendForm(agent, address, { version, values });
}
