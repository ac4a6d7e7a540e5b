// The head of a list or a record: breadcrumbs and actions. Replaces AdminJS's own, whose buttons cannot
// be reached by keyboard, and whose export loses the filters.
const { useEffect } = React;
const { html, pageAddress } = examdesk;
const { Icon } = AdminJSDesignSystem;

/** The title of a record in words. */
const titleOf = ({ params, title }, { titleProperty }) =>
  examdesk.textOf(titleProperty, params[titleProperty.propertyPath] ?? title);

/** The server stops counting here (table.query.ts). */
const mostCounted = 1_000;
function countWords(tag) {
  const count = Number(tag);
  return `${count.toLocaleString('en-AU')}${count >= mostCounted ? ' or more' : ''}`;
}

function ActionLink({ action, resource, record }) {
  const { translateAction } = AdminJS.useTranslation();
  const to = pageAddress(resource, record, action.name);
  const parts = html`<${Icon} icon=${action.icon} />${translateAction(action.label, resource.id)}`;
  const className = 'button button-second';
  // The browser loads pages of the portal; AdminJS would look for them in the console.
  if (action.custom.isPage) return html`<a href=${to} className=${className}>${parts}</a>`;
  return html`<${ReactRouterDOM.Link} to=${to} className=${className}>${parts}<//>`;
}

function Header({ resource, record, action, tag }) {
  const { translateLabel, translateAction } = AdminJS.useTranslation();
  const { search } = ReactRouter.useLocation();
  const label = translateLabel(resource.name, resource.id);
  const isList = action.name === 'list';
  const isShow = action.name === 'show';
  const heading = translateAction(action.label, resource.id);
  const title = record ? titleOf(record, resource) : '';
  useEffect(() => {
    // Leaves out the record's title, because a file name would stay in the browser's history.
    document.title = `${heading} – Examdesk`;
  }, [heading]);
  // The last breadcrumb is this page.
  const steps = [
    ['/admin', 'Today'],
    [`/admin/resources/${resource.id}`, label],
  ];
  if (record) steps.push([pageAddress(resource, record, 'show'), title]);
  if (!isList && !isShow) steps.push([null, heading]);
  const crumb = ([to, text], at) => html`
    <li key="${to} ${text}">
      ${
        at < steps.length - 1
          ? html`<${ReactRouterDOM.Link} to=${to}>${text}<//>`
          : html`<span aria-current="page">${text}</span>`
      }
    </li>`;
  const actions = (isList && resource.resourceActions) || (isShow && record.recordActions) || [];
  const buttons = actions
    .filter(({ name }) => name !== action.name)
    .map((one) => html`<${ActionLink} key=${one.name} action=${one} ...${{ resource, record }} />`);
  return html`
    <header className="console-header">
      <nav className="console-crumbs" aria-label="Breadcrumb"><ol>${steps.map(crumb)}</ol></nav>
      <div className="console-headline">
        <h1>
          ${heading}
          ${title && html`<span className="muted"> ${title}</span>`}
          ${isList && tag > 0 && html`<span className="tag"> ${countWords(tag)}</span>`}
        </h1>
        ${buttons.length > 0 && html`<div className="chips">${buttons}</div>`}
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
