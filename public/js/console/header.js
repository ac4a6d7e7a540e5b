// The head of a list or a record: breadcrumbs, actions, search and filters. Replaces AdminJS's own, whose buttons cannot
// be reached by keyboard, and whose export loses the filters.
const { useEffect, useRef } = React;
const { h, hrefOf, seal, useUnsealed, wordsOf } = examdesk;
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
  return h(
    'nav.console-crumbs',
    { 'aria-label': 'Breadcrumb' },
    h(
      'ol',
      parts.map(([to, text]) =>
        h(
          'li',
          { key: `${to} ${text}` },
          to
            ? h(ReactRouterDOM.Link, { to }, text)
            : h('span', { 'aria-current': to === null ? 'page' : undefined }, text),
        ),
      ),
    ),
  );
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
  const label = translateAction(action.label, resource.id);
  const id = encodeURIComponent(record ? record.id : '');
  const parts = [h(Icon, { key: 'icon', icon: action.icon }), label];
  const className = 'console-action';
  // A page outside AdminJS.
  if (action.custom.href) return h('a', { href: hrefOf(action, record), className }, parts);
  const to = record
    ? `/admin/resources/${resource.id}/records/${id}/${action.name}`
    : `/admin/resources/${resource.id}/actions/${action.name}`;
  return h(ReactRouterDOM.Link, { to, className }, parts);
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
  return h(
    'header.console-header',
    h(Crumbs, { resource, record, action, title }),
    h(
      'div.console-headline',
      h(
        'h1',
        heading,
        record && title && h('span.console-title', ` ${title}`),
        isList && tag && h('span.console-count', ` ${countWords(tag)}`),
      ),
      actions.length > 0 &&
        h(
          'div.console-actions',
          actions.map((button) => h(ActionLink, { key: button.name, action: button, resource, record })),
        ),
    ),
    isList && h(Tools, { resource, hint: action.custom.search }),
    h(examdesk.NextOne, { record: record ?? { id: '' } }),
  );
}

function Tools({ resource, hint }) {
  const { isVisible, toggleFilter } = AdminJS.useFilterDrawer();
  const { search } = ReactRouter.useLocation();
  const filters = [...new URLSearchParams(search)].filter(
    ([name, value]) => name.startsWith('filters.') && value,
  );
  const query = filters.length > 0 ? `?${new URLSearchParams(filters)}` : '';
  const count = filters.filter(([name]) => name !== `filters.${searchName}`).length;
  return h(
    React.Fragment,
    h(
      'div.console-tools',
      hint && h(Search, { resource, hint }),
      h(
        'button.console-action',
        {
          type: 'button',
          onClick: toggleFilter,
          id: 'console-filter',
          'aria-expanded': isVisible,
          'aria-controls': 'console-filters',
        },
        h(Icon, { icon: 'Filter' }),
        count > 0 ? `Filter (${count})` : 'Filter',
      ),
      h(examdesk.Views, { resource }),
      h(examdesk.Columns, { resource }),
      h(
        'a.console-action',
        { href: `/admin/export/${resource.id}${query}` },
        h(Icon, { icon: 'Download' }),
        'Export CSV',
      ),
    ),
    h(Chips, { resource }),
  );
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
  return h(
    'form.console-search',
    { role: 'search', onSubmit: find },
    h('input', {
      type: 'search',
      ref: input,
      'aria-label': 'Search this list',
      placeholder: hint,
      maxLength: 200,
      key: `${resource.id} ${token} ${isReady}`,
      defaultValue: token ? textOf(token) : '',
      autoComplete: 'off',
      spellCheck: false,
    }),
    h('button.console-action', h(Icon, { icon: 'Search' }), 'Search'),
  );
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
  return h(
    'ul.console-chips',
    { 'aria-label': 'Active filters' },
    parts.map(([key, value]) => {
      const [name] = key.split('~~');
      const label = name === searchName ? 'Search' : translateProperty(name, resource.id);
      const text = `${label}: ${wordsFor(key, value)}`;
      return h(
        'li',
        { key },
        h(
          ReactRouterDOM.Link,
          { to: without(key), 'aria-label': `${text}. Remove this filter` },
          text,
          h(Icon, { icon: 'X', size: 14 }),
        ),
      );
    }),
    parts.length > 1 &&
      h(
        'li',
        { key: 'all' },
        h(
          'button.console-quiet',
          { type: 'button', onClick: () => storeParams({ filters: {}, page: '1' }) },
          'Clear filters',
        ),
      ),
  );
}

function NoRecords({ resource }) {
  const { filters = {}, storeParams } = AdminJS.useQueryParams();
  const { translateLabel } = AdminJS.useTranslation();
  const isFiltered = Object.values(filters).some(Boolean);
  const label = translateLabel(resource.name, resource.id).toLowerCase();
  return h(
    'div.console-nothing',
    { role: 'status' },
    h('h2', isFiltered ? 'No matches' : 'Nothing here yet'),
    h('p', isFiltered ? `No ${label} match your search or filters.` : `There are no ${label}.`),
    isFiltered &&
      h(
        'button.console-action',
        { type: 'button', onClick: () => storeParams({ filters: {}, page: '1' }) },
        'Show all',
      ),
  );
}

Object.assign(examdesk, { countWords });
Object.assign(AdminJS.UserComponents, { ActionHeader: Header, NoRecords });
