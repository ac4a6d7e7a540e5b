// The form of an action.
const { useEffect, useRef, useState } = React;
const { actionAddress, html, isSaving, signInAddress, useAnswer } = examdesk;

/** Whether an option or a field is offered with these values of the other fields. */
const isOffered = ({ only }, values) => !only || !values[only.for] || only.values.includes(values[only.for]);

/**
 * The values after one has changed. Choices that are no longer offered become empty. The chosen option fills fields that are
 * empty, or that still have what the earlier option had filled in.
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
  const { name, type, label, hint, options = [] } = field;
  const isBox = type === 'checkbox';
  const id = `field-${name}`;
  const common = {
    id,
    name,
    'aria-invalid': error ? 'true' : undefined,
    'aria-describedby': error ? `${id}-error` : undefined,
    onChange: ({ target }) => onChange(name, isBox ? target.checked : target.value),
  };
  // The current value may no longer be offered. Shows it with the words that it had, and not the first option.
  const words = useRef({}).current;
  for (const option of options) words[option.value] = option.label;
  const isGone = !options.some((option) => option.value === String(value));
  const optionOf = (option) =>
    html`<option key=${option.value} value=${option.value}>${option.label}</option>`;
  const inputs = {
    select: () => html`
      <select ...${common} value=${value}>
        ${isGone && html`<option value=${value}>No longer offered (${words[value] ?? value})</option>`}
        ${options.filter((option) => isOffered(option, values)).map(optionOf)}
      </select>`,
    search: () => html`<${examdesk.SearchField} ...${{ field, common, value, onChange }} />`,
    textarea: () => html`<textarea ...${common} value=${value} rows="5" />`,
  };
  const input =
    inputs[type] ?? (() => html`<input ...${common} type=${type} value=${value} autoComplete="off" />`);
  const labelled = html`<label htmlFor=${id}>${label}</label>`;
  const box = html`<div className="check"><input ...${common} type="checkbox" checked=${value} />${labelled}</div>`;
  return html`
    <div className="field ${error ? 'field-invalid' : ''}">
      ${isBox ? box : labelled}
      ${hint && type !== 'search' && html`<p className="hint">${hint}</p>`}
      ${error && html`<p id="${id}-error" className="field-error">${error}</p>`}
      ${!isBox && input()}
    </div>`;
}

/** Above the form: errors of the form as a whole (src/console/action-form.ts), and of fields that it does not show. */
function ProblemBox({ whole, errors, fields }) {
  const box = useRef(null);
  useEffect(() => box.current.focus(), [errors]);
  const isElsewhere = ([path]) => path !== 'form' && !fields.some(({ name }) => name === path);
  const items = Object.entries(errors ?? {})
    .filter(isElsewhere)
    .map(([path, { message }]) => html`<li key=${path}>${message}</li>`);
  return html`
    <div className="error-summary" role="alert" tabIndex="-1" ref=${box}>
      <p>${whole.message}</p>
      ${whole.isSignedOut && html`<a href=${signInAddress()}>Sign in and go on</a>`}
      ${items.length > 0 && html`<ul>${items}</ul>`}
    </div>`;
}

/** The address from which the form was opened: that of its record, or of the list. */
const backAddress = () =>
  location.pathname.replace(/\/actions\/[^/]+$/, '').replace(/(\/records\/[^/]+)\/[^/]+$/, '$1/show');

/** The link Cancel beside AdminJS's button, which is outside the fields. */
function Cancel({ fields }) {
  const foot = fields?.closest('form').querySelector('[data-css$="-drawer-footer"]');
  const link = html`<${ReactRouterDOM.Link} to=${backAddress()} className="button button-quiet">Cancel<//>`;
  return foot ? ReactDOM.createPortal(link, foot) : null;
}

/** Asks before a click in the menu discards what was typed (../unsaved.js). Cancel asks itself. */
function askBeforeLeaving(event) {
  const link = event.target.closest('a[href]:not([target])');
  if (!link || link.closest('form') || isSaving()) return;
  if (document.dispatchEvent(new Event('examdesk:leaving', { cancelable: true }))) return;
  if (confirm('Leave this form? What you typed is not saved.')) return;
  event.preventDefault();
  event.stopPropagation();
}

/** All fields with their errors, inside AdminJS's form, which holds the values and sends them. */
function Fields({ record, onChange }) {
  const { params, errors } = record;
  const [shown, setShown] = useState(null);
  // AdminJS loads a record together with its form.
  const [address] = useState(params.form ? null : actionAddress());
  const [found, again] = useAnswer(address);
  useEffect(() => {
    if (found?.ok) onChange({ ...record, params: found.answer.record.params });
  }, [found]);
  useEffect(() => {
    document.addEventListener('click', askBeforeLeaving, true);
    return () => {
      document.removeEventListener('click', askBeforeLeaving, true);
      // The record replaces the form, which may be long, so its page is shown from the top.
      scrollTo(0, 0);
    };
  }, []);
  if (!params.form)
    return html`<div className="console-unopened"><${examdesk.Waiting} found=${found?.ok ? null : found} again=${again} /></div>`;
  const { intro, problem, fields: all } = JSON.parse(params.form);
  const fields = all.filter((field) => isOffered(field, params));
  const whole = errors?.form ?? (problem && { message: problem });
  const change = (name, value) =>
    onChange({ ...record, params: { ...params, ...changed(all, params, name, value) } });
  const fieldOf = (field) => html`
    <${Field} key=${field.name} field=${field} value=${params[field.name]} values=${params}
      error=${errors?.[field.name]?.message} onChange=${change} />`;
  return html`
    <div className="console-form" ref=${setShown}>
      ${whole && html`<${ProblemBox} ...${{ whole, errors, fields }} />`}
      ${intro && html`<p>${intro}</p>`}
      ${fields.map(fieldOf)}
      <${Cancel} fields=${shown} />
    </div>`;
}

/** AdminJS's form for any action; its button says what the action does. */
function Form(shownAs) {
  const resource = { ...shownAs.resource, id: shownAs.action.custom.words };
  return html`<${AdminJS.Edit} ...${shownAs} resource=${resource} />`;
}

Object.assign(AdminJS.UserComponents, { ConsoleFields: Fields, ConsoleForm: Form });
