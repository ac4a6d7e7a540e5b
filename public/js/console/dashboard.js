// The console’s first page: today’s examinations, what needs attention, new bookings.
(() => {
  const { useEffect, useState } = React;
  /** @type {(...parts: unknown[]) => object} */
  const h = React.createElement;
  const { ask } = examdesk;

  const clock = ({ startsAt, timezone }) =>
    new Intl.DateTimeFormat('en-AU', {
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
      timeZone: timezone,
    }).format(new Date(startsAt));
  const place = ({ timezone }) => timezone.split('/').at(-1).replaceAll('_', ' ');

  function Today({ today }) {
    const { count, href, rows } = today;
    return h(
      'section',
      { className: 'console-card', 'aria-labelledby': 'today' },
      h(
        'div',
        { className: 'console-card-head' },
        h('h2', { id: 'today' }, 'Examinations today'),
        h('a', { href, 'aria-label': `${count} examinations today: the list` }, h('strong', null, count)),
      ),
      count === 0
        ? h('p', { className: 'console-none' }, 'No examination takes place today.')
        : h(
            'ul',
            { className: 'console-today' },
            rows.map((booking) =>
              h(
                'li',
                { key: booking.id },
                h(
                  'time',
                  { dateTime: booking.startsAt },
                  clock(booking),
                  h('small', null, ` ${place(booking)}`),
                ),
                h('a', { href: `/admin/resources/bookings/records/${booking.id}/show` }, booking.reference),
                h('span', null, `${booking.specialist}, ${booking.typeWords.toLowerCase()}`),
                examdesk.pill(booking.currentProgress, booking.progressWords),
              ),
            ),
          ),
      count > rows.length &&
        h('p', { className: 'console-more' }, h('a', { href }, `All ${count} examinations of today`)),
    );
  }

  function AttentionItem({ label, count, href, repair }) {
    return h(
      'li',
      { className: 'console-attention-item' },
      h(
        href ? 'a' : 'span',
        { ...(href && { href }), className: 'console-attention-label' },
        count === null
          ? h('strong', { 'aria-hidden': 'true' }, '!')
          : h('strong', null, examdesk.countWords(count)),
        h('span', null, label),
      ),
      h(Repair, repair),
    );
  }

  /** A page, an action for all of them, or who can do it. */
  function Repair({ label, href, bulk }) {
    if (href) return h('a', { href, className: 'console-action' }, label);
    if (!bulk) return h('span', { className: 'console-unavailable' }, label);
    return h(
      'form',
      { method: 'post', action: '/admin/bulk' },
      Object.entries({ ...bulk, which: 'all' }).map(([name, value]) =>
        h('input', { key: name, type: 'hidden', name, value }),
      ),
      h('button', { className: 'console-action' }, label),
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
    return h('p', { className: 'console-next', role: 'status' }, words);
  }

  function NeedsAttention({ attention }) {
    const open = attention.filter(({ count }) => count !== 0);
    return h(
      'section',
      { className: 'console-card', 'aria-labelledby': 'attention' },
      h('h2', { id: 'attention' }, 'Needs attention'),
      open.length > 0
        ? h(
            'ul',
            { className: 'console-attention' },
            open.map((entry) => h(AttentionItem, { key: entry.label, ...entry })),
          )
        : h('p', { className: 'console-none' }, 'All clear'),
    );
  }

  /** Drawn by the server. */
  function Weeks({ drawing }) {
    return h(
      'section',
      { className: 'console-card', 'aria-labelledby': 'weeks' },
      h(
        'div',
        { className: 'console-card-head' },
        h('h2', { id: 'weeks' }, 'New bookings a week'),
        h('a', { href: '/admin/figures' }, 'All figures'),
      ),
      h('div', { dangerouslySetInnerHTML: { __html: drawing } }),
    );
  }

  function Tools({ tools }) {
    return h(
      'section',
      { className: 'console-card', 'aria-labelledby': 'tools' },
      h('h2', { id: 'tools' }, 'Tools'),
      h(
        'ul',
        { className: 'console-toolbox' },
        tools.map(({ href, label, about }) =>
          h('li', { key: href }, h('a', { href }, label), h('small', null, about)),
        ),
      ),
    );
  }

  function Dashboard() {
    const [data, setData] = useState(null);
    const [problem, setProblem] = useState(null);
    const load = async () => {
      setProblem(null);
      const { ok, answer } = await ask('/admin/api/dashboard');
      if (ok) setData(answer);
      else setProblem(answer.detail);
    };
    useEffect(() => {
      document.title = 'Today – Examdesk';
      void load();
    }, []);
    if (!data) {
      return h(
        'div',
        { className: 'console-dashboard' },
        h('h1', null, 'Today'),
        problem
          ? h(
              'div',
              { className: 'console-card', role: 'alert' },
              h('p', { className: 'console-problem' }, problem),
              h('button', { type: 'button', className: 'console-button', onClick: load }, 'Try again'),
            )
          : h('p', { role: 'status' }, 'Loading…'),
      );
    }
    const day = new Intl.DateTimeFormat('en-AU', { dateStyle: 'full', timeZone: 'UTC' }).format(
      new Date(data.day),
    );
    return h(
      'div',
      { className: 'console-dashboard' },
      h('h1', null, 'Today', h('small', null, ` ${day}`)),
      h(Last, data),
      h(NeedsAttention, data),
      h('div', { className: 'console-columns' }, h(Today, data), h(Weeks, data)),
      h(Tools, data),
    );
  }

  Object.assign(AdminJS.UserComponents, { ConsoleDashboard: Dashboard });
})();
