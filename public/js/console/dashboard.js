// The console’s first page: today’s examinations, what needs attention, new bookings.
const { useEffect } = React;
const { card, h } = examdesk;

const place = ({ timezone }) => timezone.split('/').at(-1).replaceAll('_', ' ');

function today({ count, href, rows }) {
  const list = rows.map((booking) =>
    h(
      'li',
      { key: booking.id },
      h(
        'time',
        { dateTime: booking.startsAt },
        examdesk.clock(booking.startsAt, booking.timezone),
        h('small', ` ${place(booking)}`),
      ),
      h('a', { href: `/admin/resources/bookings/records/${booking.id}/show` }, booking.reference),
      h('span', `${booking.specialist}, ${booking.typeWords.toLowerCase()}`),
      examdesk.pill(booking.currentProgress, booking.progressWords),
    ),
  );
  return card(
    'today',
    'Examinations today',
    h('a', { href, 'aria-label': `${count} examinations today: the list` }, h('strong', count)),
    count === 0 ? h('p.console-none', 'No examination takes place today.') : h('ul.console-today', list),
    count > rows.length && h('p.console-more', h('a', { href }, `All ${count} examinations of today`)),
  );
}

function AttentionItem({ label, count, href, repair }) {
  return h(
    'li.console-attention-item',
    h(
      href ? 'a' : 'span',
      { ...(href && { href }), className: 'console-attention-label' },
      count === null ? h('strong', { 'aria-hidden': 'true' }, '!') : h('strong', examdesk.countWords(count)),
      h('span', label),
    ),
    h(Repair, repair),
  );
}

/** A page, an action for all of them, or who can do it. */
function Repair({ label, href, bulk }) {
  if (href) return h('a.console-action', { href }, label);
  if (!bulk) return h('span.console-unavailable', label);
  return h(
    'form',
    { method: 'post', action: '/admin/bulk' },
    Object.entries({ ...bulk, which: 'all' }).map(([name, value]) =>
      h('input', { key: name, type: 'hidden', name, value }),
    ),
    h('button.console-action', label),
  );
}

/** After the last of its kind was repaired or passed over. */
function Last({ attention }) {
  const { search } = ReactRouter.useLocation();
  const id = new URLSearchParams(search).get('last');
  const kind = id && attention.find((entry) => entry.id === id);
  if (!kind) return null;
  const words =
    kind.count === 0 ? `None left: ${kind.label}.` : `${kind.label}: there is no other one to look at.`;
  return h('p.console-next', { role: 'status' }, words);
}

function needsAttention(attention) {
  const open = attention.filter(({ count }) => count !== 0);
  const items = open.map((entry) => h(AttentionItem, { key: entry.label, ...entry }));
  return card(
    'attention',
    'Needs attention',
    null,
    open.length > 0 ? h('ul.console-attention', items) : h('p.console-none', 'All clear'),
  );
}

const tool = ({ href, label, about }) => h('li', { key: href }, h('a', { href }, label), h('small', about));

function Dashboard() {
  const [found, again] = examdesk.useAnswer('/admin/api/dashboard');
  useEffect(() => {
    document.title = 'Today – Examdesk';
  }, []);
  if (!found) return h('div.console-dashboard', h('h1', 'Today'), h('p', { role: 'status' }, 'Loading…'));
  const { ok, answer } = found;
  if (!ok)
    return h(
      'div.console-dashboard',
      h('h1', 'Today'),
      h(
        'div.console-card',
        { role: 'alert' },
        h('p.console-problem', answer.detail),
        h('button.console-button', { type: 'button', onClick: again }, 'Try again'),
      ),
    );
  const format = new Intl.DateTimeFormat('en-AU', { dateStyle: 'full', timeZone: 'UTC' });
  const figures = h('a', { href: '/admin/figures' }, 'All figures');
  // Drawn by the server.
  const weeks = h('div', { dangerouslySetInnerHTML: { __html: answer.drawing } });
  return h(
    'div.console-dashboard',
    h('h1', 'Today', h('small', ` ${format.format(new Date(answer.day))}`)),
    h(Last, answer),
    needsAttention(answer.attention),
    h('div.console-columns', today(answer.today), card('weeks', 'New bookings a week', figures, weeks)),
    card('tools', 'Tools', null, h('ul.console-toolbox', answer.tools.map(tool))),
  );
}

Object.assign(AdminJS.UserComponents, { ConsoleDashboard: Dashboard });
