// The page of the morning.
/* oxlint-disable typescript/no-unsafe-return -- React is a global of AdminJS here, and has no types */
(() => {
  const { useEffect, useState } = React;
  /** @type {(...parts: unknown[]) => object} */
  const h = React.createElement;
  const { ask, words } = examdesk;

  function Chart({ weeks }) {
    const most = Math.max(1, ...weeks.map((week) => week.portal + week.acuity_direct));
    const [width, height, gap] = [52, 160, 12];
    const label = `Bookings a week: ${weeks.map((w) => `${w.week}: ${w.portal} here, ${w.acuity_direct} in Acuity`).join('; ')}`;
    const bars = weeks.map((week, index) => {
      const x = index * (width + gap);
      const here = (week.portal / most) * height;
      const there = (week.acuity_direct / most) * height;
      const total = week.portal + week.acuity_direct;
      const until = new Date(Date.parse(week.week) + 7 * 86_400_000 - 1).toISOString().slice(0, 10);
      const href = `/admin/resources/bookings?filters.createdAt~~from=${week.week}&filters.createdAt~~to=${until}`;
      return h(
        'a',
        { key: week.week, href },
        h('rect', { x, y: 20, width, height, className: 'console-bar-back' }),
        h('rect', { x, y: 20 + height - here, width, height: here, className: 'console-bar-here' }),
        h('rect', { x, y: 20 + height - here - there, width, height: there, className: 'console-bar-there' }),
        h('text', { x: x + width / 2, y: 14 + height - here - there, textAnchor: 'middle' }, total || ''),
        h('text', { x: x + width / 2, y: height + 38, textAnchor: 'middle' }, week.week.slice(5)),
      );
    });
    const box = `0 0 ${weeks.length * (width + gap) - gap} ${height + 46}`;
    return h('svg', { viewBox: box, role: 'group', 'aria-label': label, className: 'console-chart' }, bars);
  }

  function Dashboard() {
    const [data, setData] = useState(null);
    useEffect(() => {
      void (async () => {
        const { ok, answer } = await ask('/admin/api/dashboard');
        if (ok) setData(answer);
      })();
    }, []);
    if (!data) return h('div', { className: 'console-dashboard' }, 'Loading…');
    const time = ({ startsAt, timezone }) =>
      new Intl.DateTimeFormat('en-AU', { hour: '2-digit', minute: '2-digit', timeZone: timezone }).format(
        new Date(startsAt),
      );
    return h(
      'div',
      { className: 'console-dashboard' },
      h('h1', null, 'Today'),
      h(
        'section',
        { className: 'console-card' },
        h('h2', null, `Examinations today: ${data.today.length}`),
        data.today.length === 0
          ? h('p', null, 'None today.')
          : h(
              'ul',
              null,
              data.today.map((one) =>
                h(
                  'li',
                  { key: one.id },
                  h(
                    'a',
                    { href: `/admin/resources/bookings/records/${one.id}/show` },
                    `${time(one)} ${one.reference}`,
                  ),
                  ` ${one.specialist}, ${words(one.progress)}`,
                ),
              ),
            ),
      ),
      h(
        'section',
        { className: 'console-card' },
        h('h2', null, 'Waits for us'),
        h(
          'div',
          { className: 'console-waiting' },
          data.waiting.map((one) =>
            h(
              'a',
              {
                key: one.label,
                href: one.href,
                className: one.count > 0 ? 'console-waits' : 'console-waits-not',
              },
              h('strong', null, one.count),
              h('span', null, one.label),
              h('small', null, one.count > 0 ? one.repair : 'Nothing to do'),
            ),
          ),
        ),
      ),
      h(
        'section',
        { className: 'console-card' },
        h('h2', null, 'Bookings a week'),
        h(Chart, { weeks: data.weeks }),
        h(
          'p',
          { className: 'console-legend' },
          h('span', { className: 'console-key-here' }),
          'made here ',
          h('span', { className: 'console-key-there' }),
          'made in Acuity',
        ),
      ),
      h(
        'section',
        { className: 'console-card' },
        h('h2', null, 'Tools'),
        h(
          'ul',
          null,
          data.tools.map((one) => h('li', { key: one.href }, h('a', { href: one.href }, one.label))),
        ),
      ),
    );
  }

  Object.assign(AdminJS.UserComponents, { ConsoleDashboard: Dashboard });
})();
