// Forms of actions, and actions that lead elsewhere.
/* oxlint-disable typescript/no-unsafe-return -- React is a global of AdminJS here, and has no types */
(() => {
  const { useEffect, useState } = React;
  /** @type {(...parts: unknown[]) => object} */
  const h = React.createElement;
  const { ask } = examdesk;

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

  Object.assign(AdminJS.UserComponents, { ConsoleForm: Form, ConsoleLeave: Leave });
})();
