// The top bar and the sidebar. Replaces AdminJS's own, whose menu, lists and sign-out cannot be reached by keyboard.
const { useEffect } = React;
const { html, listOf, reloadOnce } = examdesk;

/** Whether the address is the console's first page, or of a list that this person may read. */
function isConsole(pathname) {
  const [kind, id, part, name] = pathname.split('/').slice(2);
  if (!kind) return true;
  const list = kind === 'resources' && REDUX_STATE.resources.find((one) => one.id === id);
  return list && (part !== 'actions' || list.resourceActions.some((action) => action.name === name));
}

function TopBar({ toggleSidebar }) {
  const [admin] = AdminJS.useCurrentAdmin();
  const { pathname } = ReactRouter.useLocation();
  useEffect(() => {
    if (!isConsole(pathname)) reloadOnce();
  }, [pathname]);
  // The sidebar shows the brand where there is room for it.
  return html`
    <div className="console-bar-top">
      <button type="button" className="console-menu" aria-label="Menu" onClick=${toggleSidebar}>
        <${AdminJSDesignSystem.Icon} icon="Menu" size=${24} />
      </button>
      <${ReactRouterDOM.Link} to="/admin" className="console-brand" aria-label="Examdesk: first page of the console">
        <img src="/img/mark.svg" alt="" width="32" height="32" /><span>Examdesk</span>
      <//>
      <${examdesk.SearchBox} />
      <a className="button button-quiet" href="/">Leave the console</a>
      ${
        admin &&
        html`
          <div className="console-who">
            <span>${admin.name}<small className="note"> ${admin.title}</small></span>
            <a className="button button-second" href="/sign-out">Sign out</a>
          </div>`
      }
    </div>`;
}

function Lists({ resources }) {
  const { translateLabel } = AdminJS.useTranslation();
  const { pathname } = ReactRouter.useLocation();
  const link = (to, label, isHere) => html`
    <${ReactRouterDOM.Link} to=${to} aria-current=${isHere ? 'page' : undefined}>${label}<//>`;
  const list = ({ id, name }) => {
    const to = `/admin/resources/${id}`;
    const isHere = pathname === to || pathname.startsWith(`${to}/`);
    return html`<li key=${id}>${link(to, translateLabel(name, id), isHere)}</li>`;
  };
  const pagesBeside = (resource) =>
    listOf(resource).pages.map(({ href, label }) => html`<li key=${href}><a href=${href}>${label}</a></li>`);
  const group = ([name, lists]) => html`
    <${React.Fragment} key=${name}>
      <h2>${name}</h2>
      <ul>${lists.map(list)}${lists.flatMap(pagesBeside)}</ul>
    <//>`;
  return html`
    <div className="console-lists">
      ${link('/admin', 'Today', pathname === '/admin')}
      <a href="/admin/figures">Figures</a>
      <a href="/" className="console-leave">Leave the console</a>
      ${Object.entries(Object.groupBy(resources, ({ navigation }) => navigation.name)).map(group)}
    </div>`;
}

/** AdminJS's notices, read out. */
const Notices = ({ OriginalComponent }) => html`<div role="status"><${OriginalComponent} /></div>`;

Object.assign(AdminJS.UserComponents, { NoticeBox: Notices, TopBar, SidebarResourceSection: Lists });
