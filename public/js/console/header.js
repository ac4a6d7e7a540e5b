// The head of a list or a record: breadcrumbs, actions, search and filters. Replaces AdminJS's own, whose buttons cannot
// be reached by keyboard, and whose export loses the filters.
const { useEffect, useRef } = React;
const { hrefOf, html, seal, useUnsealed, wordsOf } = examdesk;
const { Icon } = AdminJSDesignSystem;
const searchName = 'search';

function Crumbs({ resource, record, action, title }) {
  const { translateLabel, translateAction } = AdminJS.useTranslation();
  const list = `/admin/resources/${resource.id}`;
  const label = translateLabel(resource.name, resource.id);
  const isList = action.name === 'list';
  const isShow = action.name === 'show';
  const show = record && `${list}/records/${encodeURIComponent(record.id)}/show`;
  const parts = [
    ['/admin', 'Today'],
    [isList ? null : list, label],
    ...(record ? [[isShow ? null : show, title]] : []),
    ...(isList || isShow ? [] : [[null, translateAction(action.label, resource.id)]]),
  ];
  const crumb = ([to, text]) => html`
    <li key="${to} ${text}">
      ${to ? html`<${ReactRouterDOM.Link} to=${to}>${text}<//>` : html`<span aria-current="page">${text}</span>`}
    </li>`;
  return html`<nav className="console-crumbs" aria-label="Breadcrumb"><ol>${parts.map(crumb)}</ol></nav>`;
}

/** The title of a record as it reads: a name, the words of a code, or a time. */
function titleOf(record, resource) {
  const { propertyPath, custom } = resource.titleProperty;
  const value = record.params[propertyPath] ?? record.title;
  if (custom?.type === 'datetime' && value) return examdesk.moment(value);
  return custom?.type === 'enum' ? wordsOf(resource.titleProperty, value) : String(value ?? '');
}

/** Where the server stops counting (table.query.ts). */
const mostCounted = 1_000;
function countWords(tag) {
  const count = Number(tag);
  return `${count.toLocaleString('en-AU')}${count >= mostCounted ? ' or more' : ''}`;
}

function ActionLink({ action, resource, record }) {
  const { translateAction } = AdminJS.useTranslation();
  const parts = html`<${Icon} icon=${action.icon} />${translateAction(action.label, resource.id)}`;
  const className = 'button button-second';
  // A page outside AdminJS.
  if (action.custom.href) return html`<a href=${hrefOf(action, record)} className=${className}>${parts}</a>`;
  const of = record ? `records/${encodeURIComponent(record.id)}` : 'actions';
  const to = `/admin/resources/${resource.id}/${of}/${action.name}`;
  return html`<${ReactRouterDOM.Link} to=${to} className=${className}>${parts}<//>`;
}

function Header({ resource, record, action, tag }) {
  const { translateLabel, translateAction } = AdminJS.useTranslation();
  const label = translateLabel(resource.name, resource.id);
  const title = record ? titleOf(record, resource) : '';
  const isList = action.name === 'list';
  useEffect(() => {
    // Not the record's title: a file name would stay in the browser's history.
    document.title = `${isList ? label : translateAction(action.label, resource.id)} – Examdesk`;
  }, [resource.id, action.name]);
  const actions = isList
    ? resource.resourceActions.filter(({ name }) => name !== 'list')
    : action.name === 'show'
      ? record.recordActions.filter(({ name }) => name !== 'show')
      : [];
  const heading = isList ? label : translateAction(action.label, resource.id);
  const button = (one) =>
    html`<${ActionLink} key=${one.name} action=${one} resource=${resource} record=${record} />`;
  return html`
    <header className="console-header">
      <${Crumbs} ...${{ resource, record, action, title }} />
      <div className="console-headline">
        <h1>
          ${heading}
          ${record && title && html`<span className="muted"> ${title}</span>`}
          ${isList && tag && html`<span className="tag"> ${countWords(tag)}</span>`}
        </h1>
        ${actions.length > 0 && html`<div className="chips">${actions.map(button)}</div>`}
      </div>
      ${isList && html`<${Tools} resource=${resource} hint=${action.custom.search} />`}
      <${examdesk.NextOne} record=${record ?? { id: '' }} />
    </header>`;
}

function Tools({ resource, hint }) {
  const { isVisible, toggleFilter } = AdminJS.useFilterDrawer();
  const { search } = ReactRouter.useLocation();
  const filters = [...new URLSearchParams(search)].filter(
    ([name, value]) => name.startsWith('filters.') && value,
  );
  const query = filters.length > 0 ? `?${new URLSearchParams(filters)}` : '';
  const count = filters.filter(([name]) => name !== `filters.${searchName}`).length;
  return html`
    <div className="chips">
      ${hint && html`<${Search} resource=${resource} hint=${hint} />`}
      <button type="button" id="console-filter" className="button button-second" onClick=${toggleFilter}
        aria-expanded=${isVisible} aria-controls="console-filters">
        <${Icon} icon="Filter" />${count > 0 ? `Filter (${count})` : 'Filter'}
      </button>
      <${examdesk.Views} resource=${resource} />
      <${examdesk.Columns} resource=${resource} />
      <a className="button button-second" href="/admin/export/${resource.id}${query}">
        <${Icon} icon="Download" />Export CSV
      </a>
    </div>
    <${Chips} resource=${resource} />`;
}

function Search({ resource, hint }) {
  const { filters = {}, storeParams } = AdminJS.useQueryParams();
  const addNotice = AdminJS.useNotice();
  const token = filters[searchName];
  const { words: textOf, isKnown, isReady } = useUnsealed(token ? [token] : []);
  const input = useRef(null);
  const find = async (event) => {
    event.preventDefault();
    const text = input.current.value.trim();
    // The box is empty only because the sealed words could not be read: keep the filter.
    if (!text && token && !isKnown(token)) return;
    const sealed = await seal(text ? { [searchName]: text } : {});
    if (!sealed.ok) {
      addNotice({ message: sealed.detail, type: 'error' });
      return;
    }
    const { [searchName]: _before, ...rest } = filters;
    storeParams({ filters: { ...rest, ...sealed.sealed }, page: '1' });
  };
  return html`
    <form className="console-search" role="search" onSubmit=${find}>
      <input key="${resource.id} ${token} ${isReady}" type="search" ref=${input} aria-label="Search this list"
        placeholder=${hint} maxLength="200" defaultValue=${token ? textOf(token) : ''} autoComplete="off"
        spellCheck=${false} />
      <button className="button button-second"><${Icon} icon="Search" /><span>Search</span></button>
    </form>`;
}

/** Each active filter, as a link that removes it. */
function Chips({ resource }) {
  const { filters = {}, storeParams } = AdminJS.useQueryParams();
  const { translateProperty } = AdminJS.useTranslation();
  const { search } = ReactRouter.useLocation();
  const parts = Object.entries(filters).filter(([, value]) => value);
  const properties = new Map(resource.filterProperties.map((property) => [property.propertyPath, property]));
  const isSealed = (name) => name === searchName || properties.get(name.split('~~')[0])?.custom?.isHealth;
  const { words: textOf } = useUnsealed(parts.filter(([name]) => isSealed(name)).map(([, value]) => value));
  if (parts.length === 0) return null;
  const wordsFor = (key, value) => {
    const [name, bound] = key.split('~~');
    const type = properties.get(name)?.custom?.type;
    if (isSealed(key)) return textOf(value) || '…';
    if (bound) return `${bound} ${examdesk.day(value)}`;
    if (type === 'boolean' || value === 'true' || value === 'false') return value === 'true' ? 'yes' : 'no';
    if (type === 'enum') return wordsOf(properties.get(name), value).toLowerCase();
    // A filter by id that came with a link.
    return properties.has(name) ? value : 'selected';
  };
  const without = (key) => {
    const params = new URLSearchParams(search);
    params.delete(`filters.${key}`);
    params.delete('page');
    return { search: params.toString() };
  };
  const chip = ([key, value]) => {
    const [name] = key.split('~~');
    const label = name === searchName ? 'Search' : translateProperty(name, resource.id);
    const text = `${label}: ${wordsFor(key, value)}`;
    return html`
      <li key=${key}>
        <${ReactRouterDOM.Link} to=${without(key)} className="chip" aria-label="${text}. Remove this filter">
          ${text}<${Icon} icon="X" size=${14} />
        <//>
      </li>`;
  };
  const clear = () => storeParams({ filters: {}, page: '1' });
  return html`
    <ul className="chips" aria-label="Active filters">
      ${parts.map(chip)}
      ${
        parts.length > 1 &&
        html`<li><button type="button" className="button button-quiet" onClick=${clear}>Clear filters</button></li>`
      }
    </ul>`;
}

function NoRecords({ resource }) {
  const { filters = {}, storeParams } = AdminJS.useQueryParams();
  const { translateLabel } = AdminJS.useTranslation();
  const isFiltered = Object.values(filters).some(Boolean);
  const label = translateLabel(resource.name, resource.id).toLowerCase();
  const showAll = () => storeParams({ filters: {}, page: '1' });
  return html`
    <div className="empty" role="status">
      <h2>${isFiltered ? 'No matches' : 'Nothing here yet'}</h2>
      <p>${isFiltered ? `No ${label} match your search or filters.` : `There are no ${label}.`}</p>
      ${
        isFiltered &&
        html`<button type="button" className="button button-second" onClick=${showAll}>Show all</button>`
      }
    </div>`;
}

Object.assign(examdesk, { countWords });
Object.assign(AdminJS.UserComponents, { ActionHeader: Header, NoRecords });
