// The top bar and the sidebar. Replaces AdminJS's own, whose menu, lists and sign-out cannot be reached by keyboard.
const { useEffect } = React;
const { h, reloadOnce } = examdesk;

/** Whether the address is the console's first page, or of a list that this person may read. */
function isConsole(pathname) {
  const [kind, id, part, name] = pathname.split('/').slice(2);
  if (!kind) return true;
  const list = kind === 'resources' && REDUX_STATE.resources.find((one) => one.id === id);
  if (!list) return false;
  return part !== 'actions' || list.resourceActions.some((action) => action.name === name);
}

function TopBar({ toggleSidebar }) {
  const [admin] = AdminJS.useCurrentAdmin();
  const { pathname } = ReactRouter.useLocation();
  useEffect(() => {
    if (!isConsole(pathname)) reloadOnce();
  }, [pathname]);
  return h(
    'div.console-bar-top',
    h(
      'button.console-menu',
      { type: 'button', 'aria-label': 'Menu', onClick: toggleSidebar },
      h(AdminJSDesignSystem.Icon, { icon: 'Menu', size: 24 }),
    ),
    // Hidden where the sidebar shows the brand.
    h(
      ReactRouterDOM.Link,
      { to: '/admin', className: 'console-brand', 'aria-label': 'Examdesk: first page of the console' },
      h('img', { src: '/img/mark.svg', alt: '', width: 32, height: 32 }),
      h('span', 'Examdesk'),
    ),
    h(examdesk.SearchBox),
    h('a.console-quiet', { href: '/' }, 'Leave the console'),
    admin &&
      h(
        'div.console-who',
        h('span', admin.email, h('small', ` ${admin.title}`)),
        h('a.console-action', { href: '/sign-out' }, 'Sign out'),
      ),
  );
}

/** Our own pages, shown in the group of a related list. */
const pages = [
  { beside: 'webhook-events', href: '/admin/acuity', label: 'Acuity connection' },
  { beside: 'webhook-events', href: '/admin/acuity-questions', label: 'Acuity questions' },
  { beside: 'failed-jobs', href: '/admin/doctor', label: 'System check' },
];

function Pages({ group, resources }) {
  const [admin] = AdminJS.useCurrentAdmin();
  if (admin?.role !== 'admin') return null;
  const isHere = ({ beside }) =>
    resources.some(({ id, navigation }) => id === beside && navigation?.name === group);
  return pages.filter(isHere).map(({ href, label }) => h('li', { key: href }, h('a', { href }, label)));
}

function Lists({ resources }) {
  const { translateLabel } = AdminJS.useTranslation();
  const { pathname } = ReactRouter.useLocation();
  const groups = [...new Set(resources.map(({ navigation }) => navigation?.name))];
  return h(
    'div.console-lists',
    h(
      ReactRouterDOM.Link,
      { to: '/admin', 'aria-current': pathname === '/admin' ? 'page' : undefined },
      'Today',
    ),
    h('a', { href: '/admin/figures' }, 'Figures'),
    groups.map((group) =>
      h(
        React.Fragment,
        { key: group },
        h('h2', group),
        h(
          'ul',
          resources
            .filter(({ navigation }) => navigation?.name === group)
            .map((resource) => {
              const to = `/admin/resources/${resource.id}`;
              const isHere = pathname === to || pathname.startsWith(`${to}/`);
              return h(
                'li',
                { key: resource.id },
                h(
                  ReactRouterDOM.Link,
                  { to, 'aria-current': isHere ? 'page' : undefined },
                  translateLabel(resource.name, resource.id),
                ),
              );
            }),
          h(Pages, { group, resources }),
        ),
      ),
    ),
  );
}

/** AdminJS's notices, read out. */
const Notices = ({ OriginalComponent }) => h('div', { role: 'status' }, h(OriginalComponent));

Object.assign(AdminJS.UserComponents, { NoticeBox: Notices, TopBar, SidebarResourceSection: Lists });
