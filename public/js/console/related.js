// Below a record: what belongs to it, each as the newest few rows of its list.
const { h } = examdesk;
const shown = 10;

function Rows({ resource, records, without }) {
  const { translateProperty } = AdminJS.useTranslation();
  const properties = resource.listProperties.filter(({ name }) => !without.includes(name));
  return h(
    'div.console-related-rows',
    h(
      'table',
      h(
        'thead',
        h(
          'tr',
          properties.map(({ name, label }) =>
            h('th', { key: name, scope: 'col' }, translateProperty(label, resource.id)),
          ),
        ),
      ),
      h(
        'tbody',
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
  const filter = new URLSearchParams({ [`filters.${by}`]: value });
  const [found] = examdesk.useAnswer(`/admin/api/resources/${table}/actions/list?${filter}&perPage=${shown}`);
  const total = found?.ok ? found.answer.meta.total : 0;
  const title = `related-${table}`;
  return h(
    'section.console-card.console-related',
    { 'aria-labelledby': title, 'aria-busy': found === null },
    h(
      'h2',
      { id: title },
      translateLabel(resource.name, resource.id),
      total > 0 && h('span.console-count', ` ${total}`),
      total > shown && h('a', { href: `/admin/resources/${table}?${filter}` }, 'Show all'),
    ),
    found && !found.ok && h('p', { role: 'alert' }, found.answer.detail),
    found?.ok && total === 0 && h('p', 'None'),
    total > 0 && h(Rows, { resource, records: found.answer.records, without }),
  );
}

function Show({ OriginalComponent, ...shownAs }) {
  const { action, record } = shownAs;
  const related = action.custom.related ?? [];
  return h(
    React.Fragment,
    h(OriginalComponent, shownAs),
    related.map((list) =>
      h(List, { key: `${list.table} ${record.id}`, list, value: record.params[list.holds] }),
    ),
  );
}

AdminJS.UserComponents.DefaultShowAction = Show;
