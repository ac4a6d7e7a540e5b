// The console's own components, as AdminJS wants them. Plain JavaScript: what is here is what the browser runs.
/* oxlint-disable typescript/no-unsafe-return -- React is a global of AdminJS here, and has no types */
(() => {
  const { useEffect, useState } = React;
  /** @type {(...parts: unknown[]) => object} */
  const h = React.createElement;
  const words = (code) => String(code).replaceAll('_', ' ');

  /** @returns {Promise<{ok: boolean, answer: any}>} */
  async function ask(address, body) {
    const response = await fetch(address, {
      method: body ? 'POST' : 'GET',
      headers: { Accept: 'application/json', ...(body && { 'Content-Type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (response.status === 401) {
      location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
    }
    const answer = await response.json();
    return { ok: response.ok, answer };
  }

  /** An action that is a page, or a file, of its own. */
  function Leave({ action, record }) {
    const href = action.custom.href.replace('{id}', encodeURIComponent(record ? record.id : ''));
    const filters = [...new URLSearchParams(location.search)].filter(([name]) => name.startsWith('filters.'));
    const query = record ? '' : new URLSearchParams(filters).toString();
    const target = query ? `${href}?${query}` : href;
    useEffect(() => {
      location.assign(target);
    }, []);
    return h('div', { className: 'console-card' }, h('a', { href: target }, action.label));
  }

  function Field({ field, value, error, onChange }) {
    const id = `field-${field.name}`;
    const common = {
      id,
      name: field.name,
      'aria-invalid': error ? 'true' : undefined,
      'aria-describedby': error ? `${id}-error` : undefined,
      onChange: (event) =>
        onChange(field.name, field.type === 'checkbox' ? event.target.checked : event.target.value),
    };
    let input;
    if (field.type === 'select') {
      input = h(
        'select',
        { ...common, value },
        field.options.map((one) => h('option', { key: one.value, value: one.value }, one.label)),
      );
    } else if (field.type === 'textarea') input = h('textarea', { ...common, value, rows: 5 });
    else if (field.type === 'checkbox') input = h('input', { ...common, type: 'checkbox', checked: value });
    else input = h('input', { ...common, type: field.type, value, autoComplete: 'off' });
    return h(
      'div',
      { className: error ? 'console-field console-field-wrong' : 'console-field' },
      h('label', { htmlFor: id }, field.label),
      error && h('p', { id: `${id}-error`, className: 'console-error' }, error),
      input,
    );
  }

  function Form({ action, record, resource }) {
    const address = action.custom.href.replace('{id}', encodeURIComponent(record ? record.id : ''));
    const list = `/admin/resources/${resource.id}`;
    const back = record ? `${list}/records/${encodeURIComponent(record.id)}/show` : list;
    const [form, setForm] = useState(null);
    const [values, setValues] = useState({});
    const [problem, setProblem] = useState(null);
    const [isSending, setSending] = useState(false);
    const [notice, setNotice] = useState(null);

    useEffect(() => {
      void (async () => {
        const { ok, answer } = await ask(address);
        if (ok) {
          setForm(answer);
          setValues(Object.fromEntries(answer.fields.map(({ name, value }) => [name, value])));
        } else setProblem(answer);
      })();
    }, [address]);

    const send = async (event) => {
      event.preventDefault();
      setSending(true);
      const { ok, answer } = await ask(address, { version: form.version, values });
      setSending(false);
      if (ok) {
        setProblem(null);
        setNotice(answer.notice);
        return;
      }
      setProblem(answer);
      // Somebody else was faster: saving again is meant, now that both have been seen.
      if (answer.code === 'stale_version') setForm({ ...form, version: answer.version });
    };

    const errorAt = (name) => problem?.errors?.find((error) => error.path === name)?.message;
    if (notice) {
      return h(
        'div',
        { className: 'console-card', role: 'status' },
        h('h2', null, notice),
        h('a', { href: back, className: 'console-button' }, 'Back'),
      );
    }
    return h(
      'form',
      { className: 'console-card', onSubmit: send, noValidate: true },
      h('h2', null, action.custom.title),
      problem && h('div', { className: 'console-problem', role: 'alert' }, problem.detail),
      form && form.intro && h('p', null, form.intro),
      form &&
        form.fields.map((field) =>
          h(Field, {
            key: field.name,
            field,
            value: values[field.name],
            error: errorAt(field.name),
            onChange: (name, value) => setValues((before) => ({ ...before, [name]: value })),
          }),
        ),
      form && h('button', { className: 'console-button', disabled: isSending }, form.submit),
      h('a', { href: back, className: 'console-cancel' }, 'Back without a change'),
    );
  }

  function Json({ record, property }) {
    const text = record.params[property.path];
    return h(
      'div',
      { className: 'console-json' },
      h('label', null, property.label),
      h('pre', null, text || '–'),
    );
  }

  /** A name that leads to its record; in a list a bare cell, in a record with its label. */
  function Link({ record, property, where }) {
    const [admin] = AdminJS.useCurrentAdmin();
    const name = record.params[property.path];
    const [table, id] = (record.params[property.custom.to] || '').split('/');
    const mayOpen = id && (admin?.role === 'admin' || !property.custom.forAdmins.includes(table));
    const href = `/admin/resources/${table}/records/${encodeURIComponent(id)}/show`;
    const shown =
      mayOpen && name
        ? h('a', { href, className: 'console-link' }, name)
        : name || (where === 'list' ? '' : '–');
    if (where === 'list') return shown;
    return h('div', { className: 'console-json' }, h('label', null, property.label), h('p', null, shown));
  }

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
    return h('svg', { viewBox: box, role: 'img', 'aria-label': label, className: 'console-chart' }, bars);
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

  AdminJS.UserComponents = {
    ConsoleDashboard: Dashboard,
    ConsoleForm: Form,
    ConsoleLeave: Leave,
    ConsoleJson: Json,
    ConsoleLink: Link,
  };
})();
