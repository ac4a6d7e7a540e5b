// Saved views of a list and the columns that a person sees, beside the filters. Both are kept on the server.
const { useEffect, useRef, useState } = React;
const { ask, html } = examdesk;

/** What the server answered, by list; every part of the page shows the same. */
const known = new Map();
const watchers = new Set();
const inPage = JSON.parse(document.getElementById('console-choices')?.textContent ?? '{}');
known.set(inPage.list, inPage);

async function load(list) {
  const { ok, answer } = await ask(`/admin/api/views/${list}`);
  // Without an answer the list shows its usual columns.
  known.set(list, ok ? answer : { columns: null, views: [] });
  for (const watcher of watchers) watcher();
}

/** Null while it is loading. */
function useChoices(list) {
  const [, setCount] = useState(0);
  useEffect(() => {
    const watcher = () => setCount((count) => count + 1);
    watchers.add(watcher);
    if (!known.has(list)) void load(list);
    return () => watchers.delete(watcher);
  }, [list]);
  return known.get(list) ?? null;
}

/** The view in this page's address: AdminJS keeps its parameter `tab` while one pages and sorts. */
function useOpenView(choices) {
  const { search } = ReactRouter.useLocation();
  const id = new URLSearchParams(search).get('tab');
  return choices?.views.find((view) => view.id === id) ?? null;
}

const propertiesOf = (resource) =>
  resource.showProperties.filter(({ name, custom }) => name !== 'id' && custom.type !== 'json');
const usual = (resource) => resource.listProperties.map(({ name }) => name);

function chosenOf(resource, choices, view) {
  const { name: title } = resource.titleProperty;
  const chosen = view?.columns ?? choices?.columns ?? usual(resource);
  return chosen.includes(title) || !usual(resource).includes(title) ? chosen : [title, ...chosen];
}

/** The list's columns for this person; null while they are loading. */
function useColumns(resource) {
  const choices = useChoices(resource.id);
  const view = useOpenView(choices);
  if (!choices) return null;
  const chosen = chosenOf(resource, choices, view);
  // In the list's own order, then in the record's.
  const all = [...resource.listProperties, ...propertiesOf(resource)];
  return [...new Map(all.map((property) => [property.name, property])).values()].filter(({ name }) =>
    chosen.includes(name),
  );
}

/** A button that opens a panel below it. Closed it has no fields, whose labels would repeat those of the filters. */
function Panel({ icon, label, children }) {
  const details = useRef(null);
  const [isOpen, setOpen] = useState(false);
  const close = ({ key }) => {
    if (key !== 'Escape') return;
    details.current.open = false;
    details.current.querySelector('summary').focus();
  };
  return html`
    <details className="console-panel" ref=${details} onKeyDown=${close}
      onToggle=${(event) => setOpen(event.currentTarget.open)}>
      <summary className="button button-second"><${AdminJSDesignSystem.Icon} icon=${icon} />${label}</summary>
      ${isOpen && html`<div className="card">${children}</div>`}
    </details>`;
}

/** Sends to the server, then loads again. `said` shows what is wrong, or what was done. */
function useSending(list) {
  const [said, setSaid] = useState({});
  const send = async (address, body, notice) => {
    const { ok, answer } = await ask(`/admin/views/${list}${address}`, body);
    if (ok) await load(list);
    setSaid(ok ? { notice } : { problem: answer.errors?.[0]?.message ?? answer.detail });
    return ok;
  };
  const { problem, notice } = said;
  return {
    send,
    problem: problem && html`<p className="field-error" role="alert">${problem}</p>`,
    notice: html`<p className="hint" role="status">${notice}</p>`,
  };
}

function Views({ resource }) {
  const choices = useChoices(resource.id);
  const view = useOpenView(choices);
  const { search } = ReactRouter.useLocation();
  const navigate = ReactRouter.useNavigate();
  const { send, problem, notice } = useSending(resource.id);
  const save = async (event) => {
    event.preventDefault();
    const form = event.currentTarget;
    const fields = new FormData(form);
    const kept = {
      name: fields.get('name'),
      query: search.slice(1),
      columns: chosenOf(resource, choices, view),
      isShared: fields.has('isShared'),
    };
    if (await send('', kept, 'The view is saved')) form.reset();
  };
  const remove = ({ id, name }) => send(`/${id}/remove`, {}, `Removed: ${name}`);
  const link = (one) => html`
    <${ReactRouterDOM.Link} to=${{ search: `${one.query && `${one.query}&`}tab=${one.id}` }}
      aria-current=${one.id === view?.id ? 'true' : undefined}>${one.name}<//>`;
  const removal = (one) => html`
    <button type="button" className="button button-quiet" aria-label="Remove the view ${one.name}" onClick=${() => remove(one)}>
      <${AdminJSDesignSystem.Icon} icon="X" />
    </button>`;
  const item = (one) => html`
    <li key=${one.id}>
      ${link(one)}
      <small className="muted">${one.by ? `by ${one.by}` : one.isShared ? 'shared' : ''}</small>
      ${one.mayRemove && removal(one)}
    </li>`;
  const leave = html`
    <button type="button" className="button button-second" onClick=${() => navigate({ search: '' })}>
      Leave this view
    </button>`;
  return html`
    <${Panel} icon="Bookmark" label=${view ? `View: ${view.name}` : 'Views'}>
      ${choices?.views.length > 0 && html`<ul className="console-views">${choices.views.map(item)}</ul>`}
      ${view && leave}
      <form onSubmit=${save} autoComplete="off">
        ${problem}
        <label htmlFor="view-name">Keep these filters, sort and columns as</label>
        <input id="view-name" name="name" maxLength="60" required spellCheck=${false} />
        <label className="chips"><input type="checkbox" className="console-box" name="isShared" />Share with all staff</label>
        <button className="button">Save view</button>
        ${notice}
      </form>
    <//>`;
}

function Columns({ resource }) {
  const { translateProperty } = AdminJS.useTranslation();
  const choices = useChoices(resource.id);
  const view = useOpenView(choices);
  const { send, problem, notice } = useSending(resource.id);
  if (!choices) return null;
  const chosen = chosenOf(resource, choices, view);
  const { name: title } = resource.titleProperty;
  const keep = (columns) => send('/columns', { columns }, 'Saved');
  const save = (event) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const names = propertiesOf(resource).map(({ name }) => name);
    void keep(names.filter((name) => name === title || fields.has(name)));
  };
  const box = ({ name, label }) => html`
    <label key=${name} className="chips">
      <input type="checkbox" className="console-box" name=${name} defaultChecked=${chosen.includes(name)}
        disabled=${name === title} />
      ${translateProperty(label, resource.id)}
    </label>`;
  return html`
    <${Panel} icon="Columns" label="Columns">
      <form key=${chosen.join(' ')} onSubmit=${save}>
        ${problem}
        ${view?.columns && html`<p className="hint">The view ${view.name} has its own columns.</p>`}
        <fieldset><legend>Columns of this list, for you</legend>${propertiesOf(resource).map(box)}</fieldset>
        ${notice}
        <div className="chips">
          <button className="button">Save columns</button>
          <button type="button" className="button button-second" onClick=${() => keep(null)}>Usual columns</button>
        </div>
      </form>
    <//>`;
}

Object.assign(examdesk, { Columns, Views, useColumns });
