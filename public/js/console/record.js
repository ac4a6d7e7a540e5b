// Shows values where AdminJS's own components do not suffice.
const { h, wordsOf } = examdesk;

/** In a list the value alone; in a record below its label. */
function Value({ property, where, children }) {
  const { translateProperty } = AdminJS.useTranslation();
  if (where === 'list') return children ?? '';
  const label = translateProperty(property.label, property.resourceId);
  return h(AdminJSDesignSystem.ValueGroup, { label }, children ?? '–');
}

function Json({ record, property }) {
  const text = record.params[property.path];
  return h(Value, { property }, text && h('pre.console-json', text));
}

const mayOpen = (table, { forAdmins }, admin) => admin?.role === 'admin' || !forAdmins.includes(table);

/** A name that links to its record if the reader may open it. */
function Link({ record, property, where }) {
  const [admin] = AdminJS.useCurrentAdmin();
  const name = record.params[property.path];
  const [table, id] = (record.params[property.custom.to] || '').split('/');
  const isOpen = id && name && mayOpen(table, property.custom, admin);
  const href = `/admin/resources/${table}/records/${encodeURIComponent(id)}/show`;
  return h(Value, { property, where }, isOpen ? h('a.console-link', { href }, name) : name);
}

/** A number that links to the list it counts. */
function Count({ record, property, where }) {
  const [admin] = AdminJS.useCurrentAdmin();
  const { table, by, also } = property.custom.lists;
  const count = record.params[property.path];
  const filters = new URLSearchParams(
    Object.entries({ [by]: record.id, ...also }).map(([name, value]) => [`filters.${name}`, value]),
  );
  const isOpen = count > 0 && mayOpen(table, property.custom, admin);
  const href = `/admin/resources/${table}?${filters}`;
  return h(Value, { property, where }, isOpen ? h('a.console-link', { href }, count) : String(count));
}

/** As the portal's pages have it (src/http/pages/when.ts): `9:00 am`, with a no-break space. */
const clock = (value, timeZone) =>
  new Intl.DateTimeFormat('en-AU', { hour: 'numeric', minute: '2-digit', hour12: true, timeZone })
    .format(new Date(value))
    .replaceAll(/\s/gu, '\u00a0');

/** `Tue 1 Dec 2026, 9:00 am`; without a zone in the reader's. */
function moment(value, timeZone, hasYear = true) {
  const format = new Intl.DateTimeFormat('en-AU', {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: hasYear ? 'numeric' : undefined,
    timeZone,
  });
  return `${format.format(new Date(value)).replace(',', '')}, ${clock(value, timeZone)}`;
}

/** Formats `YYYY-MM-DD`; returns anything else as it is. */
function day(value) {
  if (!/^\d{4}-\d\d-\d\d$/.test(value)) return value;
  return new Intl.DateTimeFormat('en-AU', { dateStyle: 'medium', timeZone: 'UTC' }).format(new Date(value));
}

const isThisYear = (value) => new Date(value).getFullYear() === new Date().getFullYear();

/** A time in the zone of the examination if it has one, else in the reader's. Lists omit the year of today. */
function When({ record, property, where }) {
  const value = record.params[property.path];
  const timeZone = record.params[property.custom.zone] || undefined;
  if (!value) return h(Value, { property, where }, null);
  const zone = timeZone && h('span.console-zone', `(${timeZone.split('/').at(-1).replaceAll('_', ' ')})`);
  const shown = h(
    'time.console-when',
    { dateTime: value },
    `${moment(value, timeZone, where !== 'list' || !isThisYear(value))} `,
    zone,
  );
  return h(Value, { property, where }, shown);
}

const tones = {
  bad: ['failed', 'dead', 'infected', 'refused', 'denied', 'failure', 'cancelled', 'no_show', 'left'],
  pending: [
    'waiting',
    'delivering',
    'queued',
    'checking',
    'running',
    'pending',
    'not_scanned',
    'rescheduled',
  ],
  good: [
    'done',
    'clean',
    'sent',
    'processed',
    'success',
    'fixed',
    'active',
    'report_generated',
    'payment_received',
  ],
};
const toneOf = (code) => Object.keys(tones).find((tone) => tones[tone].includes(code)) ?? 'plain';
const pill = (code, words) => h('span', { className: `console-pill console-pill-${toneOf(code)}` }, words);

function Word({ record, property, where }) {
  const code = record.params[property.path];
  return h(Value, { property, where }, code && pill(code, wordsOf(property, code)));
}

/** In a record; empty values as a dash. */
function Text({ record, property }) {
  const value = record.params[property.path];
  const { type } = property.custom;
  const isEmpty = value === null || value === undefined || value === '';
  const text = type === 'boolean' ? (value ? 'Yes' : 'No') : type === 'date' && value ? day(value) : value;
  return h(Value, { property }, isEmpty ? null : h('span.console-text', String(text)));
}

/** In a list: the title, as a link to the record. */
function Title({ record, property, resource }) {
  const value = record.params[property.path];
  const { type } = property.custom;
  const text =
    type === 'datetime' && value ? moment(value) : type === 'enum' ? wordsOf(property, value) : value;
  const to = `/admin/resources/${resource.id}/records/${encodeURIComponent(record.id)}/show`;
  return h(
    'span.console-pick',
    h(examdesk.Select, { record, label: text || 'record' }),
    h(ReactRouterDOM.Link, { to, className: 'console-link' }, text || 'Open'),
  );
}

Object.assign(examdesk, { clock, moment, day, pill });
Object.assign(AdminJS.UserComponents, {
  ConsoleJson: Json,
  ConsoleLink: Link,
  ConsoleCount: Count,
  ConsoleWhen: When,
  ConsoleWord: Word,
  ConsoleTitle: Title,
  ConsoleText: Text,
});
