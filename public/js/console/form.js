// The form of an action, and actions that open a page outside AdminJS.
const { useEffect, useMemo, useRef, useState } = React;
const { actionAddress, ask, h, hrefOf, signInAddress } = examdesk;

/** Opens the action's own page. Replaces the history entry, so that Back does not lead here again. */
function Leave({ action, record }) {
  const target = hrefOf(action, record);
  useEffect(() => {
    location.replace(target);
  }, [target]);
  return h('div.console-card', h('a', { href: target }, action.label));
}

/** Whether the option fits the values of the other fields. */
const isOffered = ({ only }, values) => !only || !values[only.for] || only.values.includes(values[only.for]);

/**
 * The values after one has changed: choices that no longer fit become empty, and the chosen option fills fields that are
 * empty or hold what the option before had filled in.
 */
function changed(fields, before, name, value) {
  const values = { ...before, [name]: value };
  const optionOf = (wanted) =>
    fields.find((field) => field.name === name).options?.find((option) => option.value === wanted);
  const filled = optionOf(before[name])?.fills ?? {};
  for (const [target, text] of Object.entries(optionOf(value)?.fills ?? {}))
    if (!before[target] || before[target] === filled[target]) values[target] = text;
  for (const field of fields) {
    const chosen = field.options?.find((option) => option.value === String(values[field.name]));
    if (chosen && !isOffered(chosen, values)) values[field.name] = '';
  }
  return values;
}

function Field({ field, value, values, error, onChange }) {
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
    // The current value may no longer be offered; show it instead of the first option.
    const isKnown = field.options.some((option) => option.value === String(value));
    input = h(
      'select',
      { ...common, value },
      !isKnown && h('option', { value }, `No longer offered (${value})`),
      field.options
        .filter((option) => isOffered(option, values))
        .map((option) => h('option', { key: option.value, value: option.value }, option.label)),
    );
  } else if (field.type === 'search') input = h(examdesk.SearchField, { field, common, value, onChange });
  else if (field.type === 'textarea') input = h('textarea', { ...common, value, rows: 5 });
  else if (field.type === 'checkbox') input = h('input', { ...common, type: 'checkbox', checked: value });
  else input = h('input', { ...common, type: field.type, value, autoComplete: 'off' });
  return h(
    'div.console-field',
    h('label', { htmlFor: id }, field.label),
    field.hint && field.type !== 'search' && h('p.console-hint', field.hint),
    error && h('p.console-error', { id: `${id}-error` }, error),
    input,
  );
}

/** Above the form: what is wrong in general, and with fields that the form does not show. */
function ProblemBox({ problem, fields }) {
  const box = useRef(null);
  useEffect(() => box.current.focus(), [problem]);
  const elsewhere = (problem.errors ?? []).filter(({ path }) => !fields.some(({ name }) => name === path));
  return h(
    'div.console-problem',
    { role: 'alert', tabIndex: -1, ref: box },
    h('p', problem.detail),
    problem.isSignedOut && h('a', { href: signInAddress() }, 'Sign in and go on'),
    elsewhere.length > 0 &&
      h(
        'ul',
        elsewhere.map(({ path, message }) => h('li', { key: path }, message)),
      ),
  );
}

/** AdminJS's errors by property, as ours: `form` is the form as a whole (src/console/action-form.ts). */
function wrongWith({ form, ...others } = {}) {
  if (!form) return null;
  const errors = Object.entries(others).map(([path, { message }]) => ({ path, message }));
  return { detail: form.message, isSignedOut: form.isSignedOut, errors };
}

/** Where the form was opened from: its record, or the list. */
const backAddress = () =>
  location.pathname.replace(/\/actions\/[^/]+$/, '').replace(/(\/records\/[^/]+)\/[^/]+$/, '$1/show');

/** Beside AdminJS's button, which is outside the fields. */
function Cancel({ fields }) {
  const foot = fields?.closest('form').querySelector('[data-css$="-drawer-footer"]');
  const link = h(ReactRouterDOM.Link, { to: backAddress(), className: 'console-link' }, 'Cancel');
  return foot ? ReactDOM.createPortal(link, foot) : null;
}

/** In AdminJS's form, which holds the values and sends them: all fields, and what is wrong. */
function Fields({ record, onChange }) {
  const { params, errors } = record;
  const form = params.form ? JSON.parse(params.form) : null;
  const [problem, setProblem] = useState(null);
  const [shown, setShown] = useState(null);
  const open = async () => {
    setProblem(null);
    const { ok, answer } = await ask(actionAddress());
    if (ok) onChange({ ...record, params: answer.record.params });
    else setProblem(answer);
  };
  // A record comes with its form.
  useEffect(() => {
    if (!params.form) void open();
    // The record is shown in place of a long form, from its top.
    return () => scrollTo(0, 0);
  }, []);
  const wrong = useMemo(() => wrongWith(errors) ?? (form?.problem && { detail: form.problem }), [errors]);
  if (!form) {
    if (!problem) return h('p.console-unopened', { role: 'status' }, 'Loading…');
    return h(
      'div.console-unopened',
      h(ProblemBox, { problem, fields: [] }),
      h('button.console-action', { type: 'button', onClick: open }, 'Try again'),
    );
  }
  const { intro, fields } = form;
  const change = (name, value) =>
    onChange({ ...record, params: { ...params, ...changed(fields, params, name, value) } });
  return h(
    'div.console-form',
    { ref: setShown },
    wrong && h(ProblemBox, { problem: wrong, fields }),
    intro && h('p.console-intro', intro),
    fields.map((field) =>
      h(Field, {
        key: field.name,
        field,
        value: params[field.name],
        values: params,
        error: errors?.[field.name]?.message,
        onChange: change,
      }),
    ),
    h(Cancel, { fields: shown }),
  );
}

/** AdminJS's form for any action; its button says what the action does. */
const Form = (shownAs) =>
  h(AdminJS.Edit, { ...shownAs, resource: { ...shownAs.resource, id: shownAs.action.custom.words } });

Object.assign(AdminJS.UserComponents, { ConsoleFields: Fields, ConsoleForm: Form, ConsoleLeave: Leave });
