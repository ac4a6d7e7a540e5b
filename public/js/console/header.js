// The head of a list or a record: breadcrumbs and actions. Replaces AdminJS's own, whose buttons cannot
// be reached by keyboard, and whose export loses the filters.
const { useEffect } = React;
const { hrefOf, html } = examdesk;
const { Icon } = AdminJSDesignSystem;

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

/** The title of a record as it reads. */
const titleOf = ({ params, title }, { titleProperty }) =>
  examdesk.textOf(titleProperty, params[titleProperty.propertyPath] ?? title);

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
  const { search } = ReactRouter.useLocation();
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
          ${isList && tag > 0 && html`<span className="tag"> ${countWords(tag)}</span>`}
        </h1>
        ${actions.length > 0 && html`<div className="chips">${actions.map(button)}</div>`}
      </div>
      ${isList && html`<${examdesk.Fragment} key=${resource.id} address="/admin/api/views/${resource.id}${search}" />`}
      <${examdesk.NextOne} key=${record?.id} record=${record ?? { id: '' }} />
    </header>`;
}

function NoRecords({ resource }) {
  const { filters = {}, storeParams } = AdminJS.useQueryParams();
  const { translateLabel } = AdminJS.useTranslation();
  const isFiltered = Object.values(filters).some(Boolean);
  const label = translateLabel(resource.name, resource.id).toLowerCase();
  const { whenEmpty } = examdesk.listOf(resource);
  const showAll = () => storeParams({ filters: {}, page: '1' });
  return html`
    <div className="empty" role="status">
      <h2>${isFiltered ? 'No matches' : 'Nothing here yet'}</h2>
      <p>${isFiltered ? `No ${label} match your search or filters.` : `There are no ${label}.`}</p>
      ${!isFiltered && whenEmpty && html`<p>${whenEmpty}</p>`}
      ${
        isFiltered &&
        html`<button type="button" className="button button-second" onClick=${showAll}>Show all</button>`
      }
    </div>`;
}

Object.assign(AdminJS.UserComponents, { ActionHeader: Header, NoRecords });
