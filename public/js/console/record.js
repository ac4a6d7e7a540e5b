// How values are shown where AdminJS's way would not do.
(() => {
  /** @type {(...parts: unknown[]) => object} */
  const h = React.createElement;

  /** In a list the value alone; in a record under its label, as all the others. */
  function Value({ property, where, children }) {
    const { translateProperty } = AdminJS.useTranslation();
    if (where === 'list') return children ?? '';
    const label = translateProperty(property.label, property.resourceId);
    return h(AdminJSDesignSystem.ValueGroup, { label }, children ?? '–');
  }

  function Json({ record, property }) {
    const text = record.params[property.path];
    return h(Value, { property }, text && h('pre', { className: 'console-json' }, text));
  }

  /** A name that leads to its record, where that is theirs to read. */
  function Link({ record, property, where }) {
    const [admin] = AdminJS.useCurrentAdmin();
    const name = record.params[property.path];
    const [table, id] = (record.params[property.custom.to] || '').split('/');
    const mayOpen = id && (admin?.role === 'admin' || !property.custom.forAdmins.includes(table));
    const href = `/admin/resources/${table}/records/${encodeURIComponent(id)}/show`;
    return h(
      Value,
      { property, where },
      mayOpen && name ? h('a', { href, className: 'console-link' }, name) : name,
    );
  }

  /** In the zone of the examination; all else in the reader's own, as everywhere. */
  function When({ record, property, where }) {
    const value = record.params[property.path];
    const timeZone = record.params[property.custom.zone] || undefined;
    if (!value) return h(Value, { property, where }, null);
    const format = new Intl.DateTimeFormat('en-AU', {
      ...{ weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' },
      ...{ hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone },
    });
    const zone =
      timeZone &&
      h('span', { className: 'console-zone' }, `(${timeZone.split('/').at(-1).replaceAll('_', ' ')})`);
    const shown = h(
      'time',
      { dateTime: value, className: 'console-when' },
      `${format.format(new Date(value))} `,
      zone,
    );
    return h(Value, { property, where }, shown);
  }

  Object.assign(AdminJS.UserComponents, { ConsoleJson: Json, ConsoleLink: Link, ConsoleWhen: When });
})();
