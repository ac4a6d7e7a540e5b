// The chart of bookings a week by where they were made. HTML rather than SVG, so that text keeps its size on any screen;
// every part of a bar links to the list it counts.
(() => {
  /** @type {(...parts: unknown[]) => object} */
  const h = React.createElement;

  const short = (week) =>
    new Intl.DateTimeFormat('en-AU', { day: 'numeric', month: 'short', timeZone: 'UTC' }).format(
      new Date(week),
    );

  function Chart({ weeks }) {
    const totalOf = ({ sources }) => sources.reduce((sum, { count }) => sum + count, 0);
    const most = Math.max(1, ...weeks.map(totalOf));
    return h(
      'ol',
      { className: 'console-chart', 'aria-label': 'Bookings a week' },
      weeks.map((week) => {
        const total = totalOf(week);
        const since = `Week from ${short(week.week)}`;
        return h(
          'li',
          { key: week.week },
          h(
            'div',
            { className: 'console-bar' },
            h(
              'a',
              {
                href: week.href,
                className: total === 0 ? 'console-bar-total console-bar-none' : 'console-bar-total',
                'aria-label': `${since}: ${total} in all`,
              },
              total,
            ),
            week.sources
              .filter(({ count }) => count > 0)
              .map(({ source, words, count, href }) =>
                h('a', {
                  key: source,
                  href,
                  className: `console-bar-part console-bar-${source}`,
                  // 24 px are for the number above the bar.
                  style: { height: `calc((100% - 24px) * ${count / most})` },
                  'aria-label': `${since}: ${count} ${words.toLowerCase()}`,
                  title: `${count} ${words.toLowerCase()}`,
                }),
              )
              .reverse(),
          ),
          h(
            'span',
            { className: 'console-bar-week', 'aria-hidden': 'true' },
            short(week.week)
              .split(' ')
              .map((part) => h('span', { key: part }, part)),
          ),
        );
      }),
    );
  }

  function Legend({ weeks }) {
    return h(
      'p',
      { className: 'console-legend' },
      weeks[0].sources.map(({ source, words }) =>
        h('span', { key: source }, h('span', { className: `console-key console-bar-${source}` }), words),
      ),
    );
  }

  Object.assign(examdesk, { Chart, Legend });
})();
