// Below a record: what belongs to it, each as the newest few rows of its list.
(() => {
  const { Fragment, useEffect, useState } = React;
  /** @type {(...parts: unknown[]) => object} */
  const h = React.createElement;
  const { ask } = examdesk;
  const shown = 10;

  function Rows({ resource, records, without }) {
    const { translateProperty } = AdminJS.useTranslation();
    const properties = resource.listProperties.filter(({ name }) => !without.includes(name));
    return h(
      'div',
      { className: 'console-related-rows' },
      h(
        'table',
        null,
        h(
          'thead',
          null,
          h(
            'tr',
            null,
            properties.map(({ name, label }) =>
              h('th', { key: name, scope: 'col' }, translateProperty(label, resource.id)),
            ),
          ),
        ),
        h(
          'tbody',
          null,
          records.map((record) =>
            h(
              'tr',
              { key: record.id },
              properties.map((property) =>
                h(
                  'td',
                  { key: property.name },
                  h(AdminJS.BasePropertyComponent, { where: 'list', property, resource, record }),
                ),
              ),
            ),
          ),
        ),
      ),
    );
  }

  function List({ list: { table, by, without }, value }) {
    const resource = AdminJS.useResource(table);
    const { translateLabel } = AdminJS.useTranslation();
    const [found, setFound] = useState(null);
    const filter = new URLSearchParams({ [`filters.${by}`]: value });
    useEffect(() => {
      const stop = new AbortController();
      const load = async () => {
        const address = `/admin/api/resources/${table}/actions/list?${filter}&perPage=${shown}`;
        const answer = await ask(address, null, { signal: stop.signal });
        if (!stop.signal.aborted) setFound(answer);
      };
      void load();
      return () => stop.abort();
    }, [table, value]);
    const total = found?.ok ? found.answer.meta.total : 0;
    const title = `related-${table}`;
    return h(
      'section',
      { className: 'console-card console-related', 'aria-labelledby': title, 'aria-busy': found === null },
      h(
        'h2',
        { id: title },
        translateLabel(resource.name, resource.id),
        total > 0 && h('span', { className: 'console-count' }, ` ${total}`),
        total > shown && h('a', { href: `/admin/resources/${table}?${filter}` }, 'Show all'),
      ),
      found && !found.ok && h('p', { role: 'alert' }, found.answer.detail),
      found?.ok && total === 0 && h('p', null, 'None'),
      total > 0 && h(Rows, { resource, records: found.answer.records, without }),
    );
  }

  function Show({ OriginalComponent, ...shownAs }) {
    const { action, record } = shownAs;
    const related = action.custom.related ?? [];
    return h(
      Fragment,
      null,
      h(OriginalComponent, shownAs),
      related.map((list) =>
        h(List, { key: `${list.table} ${record.id}`, list, value: record.params[list.holds] }),
      ),
    );
  }

  AdminJS.UserComponents.DefaultShowAction = Show;
})();
