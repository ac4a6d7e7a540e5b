// Fills the forms of a finished page with what the person had sent after their session had ended.
import ejs from 'ejs';
import { Parser } from 'htmlparser2';
import type { KeptForm } from '../accounts/index.ts';

export interface Filled {
  html: string;
  /** Null: no form of the page is among those that were kept. */
  found: { hasTyped: boolean; hasFiles: boolean } | null;
}

interface Tag {
  name: string;
  attributes: Record<string, string>;
  start: number;
  end: number;
}

interface Form {
  action: string;
  inputs: Tag[];
  /** `end`: where the text ends. */
  areas: { tag: Tag; end: number }[];
  selects: { tag: Tag; options: Tag[] }[];
}

interface Edit {
  start: number;
  end: number;
  text: string;
}

/**
 * Fills a form only if it is about the same record in the same version, that is, if its hidden fields are equal to those
 * that were sent. The idempotency key may differ, because what was sent with the other key was not carried out; and so may
 * `seen`, what the page showed of the record: the page says what has changed since.
 */
export function fillForms(html: string, kept: readonly KeptForm[]): Filled {
  const found = { hasTyped: false, hasFiles: false };
  let isFound = false;
  const edits: Edit[] = [];
  for (const form of postForms(html)) {
    const sent = kept.find(({ action }) => action === form.action)?.fields;
    if (!sent || !hasSameHidden(form, sent)) continue;
    isFound = true;
    const made = editsOf(form, sent);
    found.hasTyped ||= made.length > 0;
    found.hasFiles ||= form.inputs.some(({ attributes }) => attributes.type === 'file');
    edits.push(...made);
  }
  return { html: applied(html, edits), found: isFound ? found : null };
}

function postForms(html: string): Form[] {
  const forms: Form[] = [];
  let form: Form | undefined;
  const parser = new Parser({
    onopentag(name, attributes) {
      const tag = { name, attributes, start: parser.startIndex, end: parser.endIndex + 1 };
      if (name === 'form') {
        form = { action: attributes.action ?? '', inputs: [], areas: [], selects: [] };
        if (attributes.method === 'post') forms.push(form);
      }
      if (name === 'input') form?.inputs.push(tag);
      if (name === 'textarea') form?.areas.push({ tag, end: tag.end });
      if (name === 'select') form?.selects.push({ tag, options: [] });
      if (name === 'option') form?.selects.at(-1)?.options.push(tag);
    },
    onclosetag(name) {
      const area = form?.areas.at(-1);
      if (name === 'textarea' && area) area.end = parser.startIndex;
      if (name === 'form') form = undefined;
    },
  });
  parser.end(html);
  return forms;
}

/** These are sent again as the page has them now. */
const mayDiffer = new Set(['idempotencyKey', 'seen']);

function hasSameHidden({ inputs }: Form, sent: KeptForm['fields']): boolean {
  return inputs.every(
    ({ attributes: { type, name = '', value = '' } }) =>
      type !== 'hidden' || mayDiffer.has(name) || textsOf(sent[name]).includes(value),
  );
}

function editsOf({ inputs, areas, selects }: Form, sent: KeptForm['fields']): Edit[] {
  return [
    ...inputs.flatMap((input) => inputEdits(input, sent)),
    ...areas.flatMap(({ tag, end }) => {
      const [text] = textsOf(sent[tag.attributes.name ?? '']);
      // A line break directly after the tag does not belong to the text.
      return text === undefined ? [] : [{ start: tag.end, end, text: `\n${ejs.escapeXML(text)}` }];
    }),
    ...selects.flatMap(({ tag, options }) => {
      const chosen = textsOf(sent[tag.attributes.name ?? '']);
      const isOffered = options.some(({ attributes }) => chosen.includes(attributes.value ?? ''));
      return isOffered
        ? options.map((option) => marked(option, 'selected', chosen.includes(option.attributes.value ?? '')))
        : [];
    }),
  ];
}

/** A browser sends nothing for a box that is not ticked. */
function inputEdits(input: Tag, sent: KeptForm['fields']): Edit[] {
  const { type = 'text', name = '', value = 'on' } = input.attributes;
  const texts = textsOf(sent[name]);
  if (type === 'checkbox' || type === 'radio') return [marked(input, 'checked', texts.includes(value))];
  if (['hidden', 'password', 'file'].includes(type) || texts[0] === undefined) return [];
  return [retagged(input, { ...input.attributes, value: texts[0] })];
}

function marked(tag: Tag, mark: 'checked' | 'selected', isOn: boolean): Edit {
  const { [mark]: _, ...attributes } = tag.attributes;
  return retagged(tag, isOn ? { ...attributes, [mark]: '' } : attributes);
}

function retagged({ name, start, end }: Tag, attributes: Record<string, string>): Edit {
  const written = Object.entries(attributes).map(([key, value]) =>
    value === '' ? ` ${key}` : ` ${key}="${ejs.escapeXML(value)}"`,
  );
  return { start, end, text: `<${name}${written.join('')}>` };
}

function textsOf(value: unknown): string[] {
  return [value].flat().filter((one): one is string => typeof one === 'string');
}

function applied(html: string, edits: readonly Edit[]): string {
  let text = '';
  let at = 0;
  for (const edit of edits.toSorted((a, b) => a.start - b.start)) {
    text += html.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return text + html.slice(at);
}
