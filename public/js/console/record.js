// Shows values where AdminJS's own components do not suffice.
const { html, wordsOf } = examdesk;

/** In a list the value alone; in a record below its label. */
function Value({ property, where, children }) {
  const { translateProperty } = AdminJS.useTranslation();
  if (where === 'list') return children ?? '';
  const label = translateProperty(property.label, property.resourceId);
  return html`<${AdminJSDesignSystem.ValueGroup} label=${label}>${children ?? '–'}<//>`;
}

function Json({ record, property }) {
  const text = record.params[property.path];
  return html`<${Value} property=${property}>${text && html`<pre className="console-json">${text}</pre>`}<//>`;
}

/** The value as a link, if there is one that the reader may open. */
function Linked({ property, where, value, table, href }) {
  const [admin] = AdminJS.useCurrentAdmin();
  const isOpen = href && (admin?.role === 'admin' || !property.custom.forAdmins.includes(table));
  const shown = isOpen
    ? html`<a className="console-link" href="/admin/resources/${href}">${value}</a>`
    : value;
  return html`<${Value} property=${property} where=${where}>${shown}<//>`;
}

/** A name that links to its record. */
function Link({ record, property, where }) {
  const value = record.params[property.path];
  const [table, id] = (record.params[property.custom.to] || '').split('/');
  const href = id && value && `${table}/records/${encodeURIComponent(id)}/show`;
  return html`<${Linked} ...${{ property, where, value, table, href }} />`;
}

/** A number that links to the list it counts. */
function Count({ record, property, where }) {
  const { table, by, also } = property.custom.lists;
  const count = record.params[property.path];
  const filters = new URLSearchParams(
    Object.entries({ [by]: record.id, ...also }).map(([name, value]) => [`filters.${name}`, value]),
  );
  const href = Number.parseInt(count, 10) > 0 && `${table}?${filters}`;
  return html`<${Linked} ...${{ property, where, value: String(count), table, href }} />`;
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
  if (!value) return html`<${Value} property=${property} where=${where} />`;
  const zone =
    timeZone &&
    html`<span className="console-zone">(${timeZone.split('/').at(-1).replaceAll('_', ' ')})</span>`;
  const words = moment(value, timeZone, where !== 'list' || !isThisYear(value));
  const shown = html`<time className="console-when" dateTime=${value}>${words} ${zone}</time>`;
  return html`<${Value} property=${property} where=${where}>${shown}<//>`;
}

/** The portal's tags. */
const tones = {
  danger: 'failed dead infected refused denied failure cancelled no_show left',
  warn: 'waiting delivering queued checking running pending not_scanned rescheduled',
  ok: 'done clean sent processed success fixed active report_generated payment_received',
};
function pill(code, words) {
  const tone = Object.keys(tones).find((one) => tones[one].split(' ').includes(code)) ?? 'plain';
  return html`<span className="tag tag-${tone}">${words}</span>`;
}

function Word({ record, property, where }) {
  const code = record.params[property.path];
  return html`<${Value} property=${property} where=${where}>${code && pill(code, wordsOf(property, code))}<//>`;
}

/** In a record; empty values as a dash. Of a list the days alone. */
function Text({ record, property, where }) {
  const value = record.params[property.path];
  const { type } = property.custom;
  const isEmpty = value === null || value === undefined || value === '';
  const text = type === 'boolean' ? (value ? 'Yes' : 'No') : type === 'date' && value ? day(value) : value;
  return html`<${Value} ...${{ property, where }}>${isEmpty ? null : html`<span>${String(text)}</span>`}<//>`;
}

function titleText(property, value) {
  const { type } = property.custom;
  if (type === 'datetime' && value) return moment(value, undefined, !isThisYear(value));
  return type === 'enum' ? wordsOf(property, value) : value;
}

/** In a list: the title, as a link to the record. */
function Title({ record, property, resource }) {
  const text = titleText(property, record.params[property.path]);
  const to = `/admin/resources/${resource.id}/records/${encodeURIComponent(record.id)}/show`;
  return html`
    <span className="console-pick">
      <${examdesk.Select} record=${record} label=${text || 'record'} />
      <${ReactRouterDOM.Link} to=${to} className="console-link">${text || 'Open'}<//>
    </span>`;
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
