// AdminJS's `edit` and `new`, as the console's page asks them.
import type { Agent } from './app.ts';

export interface OpenedEdit {
  version: string;
  intro: string;
  fields: { name: string; type: string; value: unknown; options?: { value: string; label: string }[] }[];
  /** What the page sends back, by field. */
  values: Record<string, unknown>;
}

/** @param id null: a new record */
export function editAddress(table: string, id: string | null): string {
  const record = id === null ? 'actions/new' : `records/${id}/edit`;
  return `/admin/api/resources/${table}/${record}`;
}

export async function openEdit(agent: Agent, address: string): Promise<OpenedEdit> {
  const { body } = await agent.get(address).expect(200);
  return openedIn(body);
}

export function openedIn(body: unknown): OpenedEdit {
  const { version, form, ...values } = (body as { record: { params: Record<string, string> } }).record.params;
  const { intro, fields } = JSON.parse(String(form)) as OpenedEdit;
  return { version: String(version), intro, fields, values };
}

/** Sends `{ version, values }` as the page does: AdminJS sends every value as text. */
export const saveEdit = (
  agent: Agent,
  address: string,
  { version, values }: { version: string; values: object },
) => agent.post(address).send({ ...values, version });
