// A person without JavaScript: follows links and redirects, sends forms, keeps cookies. Tests inspect the DOM.
import { HtmlValidate, Parser, StaticConfigLoader, type HtmlElement } from 'html-validate';
import { demoPassword } from '../../seeds/demo.ts';

export const htmlRules = new HtmlValidate(
  new StaticConfigLoader({
    extends: ['html-validate:recommended', 'html-validate:document'],
    rules: {
      'doctype-style': 'off',
      'prefer-native-element': 'off',
      'no-trailing-whitespace': 'off',
      'void-style': 'off',
      'long-title': 'off',
      'require-sri': 'off',
      // Checkboxes of one question share a name; each ticked one is sent.
      'form-dup-name': ['error', { shared: ['radio', 'checkbox', 'button', 'reset', 'submit'] }],
      'no-redundant-for': 'off',
      // A page that waits may reload itself without JavaScript, by an element in noscript.
      'meta-refresh': 'off',
      // The examinee's e-mail address is not the reader's own: no autofill.
      'valid-autocomplete': 'off',
      // Brand and search are in named landmarks, which axe checks in the browser tests.
      'unique-landmark': 'off',
    },
  }),
);

const parserConfig = await htmlRules.getConfigFor('page.html');

export interface Visit {
  status: number;
  /** Path and query of the final page. */
  at: string;
  headers: Headers;
  html: string;
  dom: HtmlElement;
  /** `<title>` */
  title: string;
  /** Text of the first matching element, with white space collapsed; throws when there is none. */
  text(selector: string): string;
  texts(selector: string): string[];
  all(selector: string): HtmlElement[];
  has(selector: string): boolean;
  /** An attribute of the first matching element. */
  attribute(selector: string, name: string): string;
  /** The fields of the first form with this action, as a browser would send them. */
  form(action: string): Record<string, string>;
}

export interface Visitor {
  get(path: string, headers?: Record<string, string>): Promise<Visit>;
  post(path: string, fields: Record<string, string> | [string, string][]): Promise<Visit>;
  /** Without following redirects: for status and Location. */
  raw(path: string, init?: RequestInit): Promise<Response>;
  signIn(email: string): Promise<Visit>;
  setCookie(name: string, value: string): void;
  forgetCookies(): void;
}

export function createVisitor(origin: string): Visitor {
  const jar = new Map<string, string>();
  let here = '/';

  async function raw(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    if (!headers.has('accept')) headers.set('accept', 'text/html');
    if (!headers.has('accept-encoding')) headers.set('accept-encoding', 'identity');
    headers.set('origin', origin);
    headers.set('referer', origin + here);
    headers.set('cookie', [...jar].map(([name, value]) => `${name}=${value}`).join('; '));
    const answer = await fetch(origin + path, { ...init, headers, redirect: 'manual' });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/max-age=0/i.test(line)) jar.delete(name);
      else jar.set(name, value);
    }
    return answer;
  }

  async function visit(path: string, init: RequestInit = {}): Promise<Visit> {
    let at = path;
    let answer = await raw(path, init);
    for (let hop = 0; answer.status >= 300 && answer.status < 400; hop++) {
      if (hop === 10) throw new Error(`${path} leads round in a circle`);
      await answer.body?.cancel();
      at = answer.headers.get('location') ?? '/';
      if (at.startsWith(origin)) at = at.slice(origin.length);
      answer = await raw(at);
    }
    here = at;
    return toVisit(at, answer.status, answer.headers, await answer.text());
  }

  const visitor: Visitor = {
    raw,
    get: (path, headers = {}) => visit(path, { headers }),
    post: (path, fields) => visit(path, { method: 'POST', body: new URLSearchParams(fields) }),
    async signIn(email) {
      const page = await visit('/sign-in');
      return visitor.post('/sign-in', { ...page.form('/sign-in'), email, password: demoPassword });
    },
    setCookie: (name, value) => void jar.set(name, value),
    forgetCookies: () => jar.clear(),
  };
  return visitor;
}

function toVisit(at: string, status: number, headers: Headers, html: string): Visit {
  // Parsed on first use: many visits only lead to the next.
  let parsed: HtmlElement | undefined;
  const dom = () => (parsed ??= new Parser(parserConfig).parseHtml(html));
  const all = (selector: string) => dom().querySelectorAll(selector);
  const first = (selector: string) => {
    const found = dom().querySelector(selector);
    if (!found)
      throw new Error(`${at} (${status}) has no ${selector}; it says: ${words(dom()).slice(0, 400)}`);
    return found;
  };
  return {
    at,
    status,
    headers,
    html,
    get dom() {
      return dom();
    },
    all,
    get title() {
      return words(first('title'));
    },
    text: (selector) => words(first(selector)),
    texts: (selector) => all(selector).map(words),
    has: (selector) => dom().querySelector(selector) !== null,
    attribute: (selector, name) => unescaped(first(selector).getAttributeValue(name) ?? ''),
    form(action) {
      const form = all('form').find((one) => unescaped(one.getAttributeValue('action') ?? '') === action);
      if (!form) throw new Error(`${at} (${status}) has no form to ${action}`);
      return fieldsOf(form);
    },
  };
}

function fieldsOf(form: HtmlElement): Record<string, string> {
  const pairs = form.querySelectorAll('input, textarea').flatMap((field): [string, string][] => {
    const name = field.getAttributeValue('name');
    const type = field.getAttributeValue('type');
    if (!name || (type === 'radio' && !field.hasAttribute('checked'))) return [];
    const value =
      field.tagName === 'textarea' ? field.textContent.replace(/^\n/, '') : field.getAttributeValue('value');
    return [[name, unescaped(value ?? '')]];
  });
  const selects = form.querySelectorAll('select').map((select): [string, string] => {
    const options = select.querySelectorAll('option');
    const chosen = options.find((option) => option.hasAttribute('selected')) ?? options[0];
    return [select.getAttributeValue('name') ?? '', unescaped(chosen?.getAttributeValue('value') ?? '')];
  });
  return Object.fromEntries([...pairs, ...selects]);
}

function words(element: HtmlElement): string {
  return unescaped(element.textContent).replace(/\s+/g, ' ').trim();
}

function unescaped(text: string): string {
  return text
    .replaceAll('&#34;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&ndash;', '–')
    .replaceAll('&amp;', '&');
}

/** html-validate's findings on a page, one line each. */
export async function markupErrors({ at, html }: Pick<Visit, 'at' | 'html'>): Promise<string[]> {
  const report = await htmlRules.validateString(html, at);
  return report.results.flatMap(({ messages }) =>
    messages.map(({ ruleId, message, line }) => `${at}:${line} ${ruleId}: ${message}`),
  );
}
