// Shows a value of a record: alone in a list, below its label in a record.
const { html, pageAddress } = examdesk;

/** Formats a time as the portal does (when.ts), in this zone or the reader's: `Tue 1 Dec 2026, 9:00 am`. */
function moment(value, timeZone, isWithYear) {
  const format = new Intl.DateTimeFormat('en-AU', {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: isWithYear ? 'numeric' : undefined,
    hour: 'numeric',
    minute: '2-digit',
    hour12: true,
    timeZone,
  });
  return format
    .format(new Date(value))
    .replace(',', '')
    .replace(/\s(?=[ap]m)/u, '\u00a0');
}

/** Formats `YYYY-MM-DD`; returns anything else as it is. */
function day(value) {
  if (!/^\d{4}-\d\d-\d\d$/.test(value)) return value;
  return new Intl.DateTimeFormat('en-AU', { dateStyle: 'medium', timeZone: 'UTC' }).format(new Date(value));
}

/** Lists omit the year of today. */
const hasYear = (value, isList) => !isList || new Date(value).getFullYear() !== new Date().getFullYear();

/** Shows a time in the zone of the examination if it has one, otherwise in the reader's. */
function when(value, timeZone, isList) {
  const place = timeZone && ` (${timeZone.split('/').at(-1).replaceAll('_', '\u00a0')})`;
  const words = moment(value, timeZone, hasYear(value, isList));
  return html`<time className="console-when" dateTime=${value}>${words}${place}</time>`;
}

/** The portal's tags; a booking's progress has the same colours as there. */
const tones = {
  brand: 'scheduled rescheduled',
  danger: 'failed dead infected refused denied failure cancelled left',
  info: 'generating_report report_generated',
  ok: 'done clean sent processed success fixed active payment_received',
  warn: 'waiting delivering queued checking running pending not_scanned no_show',
};
function pill(code, words) {
  const tone = Object.keys(tones).find((one) => tones[one].split(' ').includes(code)) ?? 'plain';
  return html`<span className="tag tag-${tone}">${words}</span>`;
}

/** JSON in words: `sentAt` as `sent at`, each item of a list in a line of its own. */
function factsIn(value) {
  if (value === null) return '–';
  if (Array.isArray(value)) return value.map(factsIn).join('\n');
  if (typeof value === 'object') return Object.entries(value).map(factIn).join(', ');
  return /^\d{4}-\d\d-\d\dT/.test(value) ? moment(value, undefined, true) : String(value);
}
const factIn = ([name, value]) => {
  const isGroup = typeof value === 'object' && value !== null;
  return `${name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)}${isGroup ? ':' : ''} ${factsIn(value)}`;
};

/** The value as text; '' when there is none. */
function textOf(property, value, isList) {
  if (value === null || value === undefined || value === '') return '';
  const { type } = property.custom;
  if (type === 'datetime') return moment(value, undefined, hasYear(value, isList));
  if (type === 'boolean') return value ? 'Yes' : 'No';
  if (type === 'date') return day(value);
  if (type === 'facts') return factsIn(JSON.parse(value));
  const words = property.availableValues?.find((one) => one.value === value)?.label;
  return words ?? String(value);
}

/** The list that a value links to, and the rest of the address: the record that it names, or the filter of a count. */
function targetOf({ id, params }, { path, custom: { to, lists } }) {
  const value = params[path];
  if (lists && Number.parseInt(value, 10) > 0) {
    const filters = Object.entries({ [lists.by]: id, ...lists.also });
    return [lists.table, `?${new URLSearchParams(filters.map(([name, one]) => [`filters.${name}`, one]))}`];
  }
  const [table, named] = value && params[to] ? params[to].split('/') : [];
  return named ? [table, `/records/${encodeURIComponent(named)}/show`] : [];
}

/** Phones show no column heads, so values that say nothing alone have their name before them, except examination times. */
const isNamed = ({ type, zone }) => !zone && ['number', 'date', 'datetime'].includes(type);
const withName = (name, value) => html`<span><small className="console-name">${name} </small>${value}</span>`;

function Value({ record, property, resource, where }) {
  const { translateProperty } = AdminJS.useTranslation();
  const { type, zone } = property.custom;
  const value = record.params[property.path];
  const isList = where === 'list';
  const text = textOf(property, value, isList);
  if (isList && property.isTitle)
    return html`
      <span className="console-pick">
        <${examdesk.Select} record=${record} label=${text || 'record'} />
        <${ReactRouterDOM.Link} to=${pageAddress(resource, record, 'show')} className="console-link">${text || 'Open'}<//>
      </span>`;
  const [table, rest] = targetOf(record, property);
  const shown = () => {
    if (!text) return null;
    // Names of records that the role may not read are shown without a link.
    if (REDUX_STATE.resources.some(({ id }) => id === table))
      return html`<a className="console-link" href="/admin/resources/${table}${rest}">${text}</a>`;
    if (type === 'datetime') return when(value, record.params[zone] || undefined, isList);
    if (type === 'enum') return pill(value, text);
    const tag = type === 'json' ? 'pre' : 'span';
    return html`<${tag} className="console-${type}">${text}<//>`;
  };
  const label = translateProperty(property.label, property.resourceId);
  if (isList) return isNamed(property.custom) && text ? withName(label, shown()) : shown();
  return html`<${AdminJSDesignSystem.ValueGroup} label=${label}>${shown() ?? '–'}<//>`;
}

examdesk.textOf = textOf;
AdminJS.UserComponents.ConsoleValue = Value;
