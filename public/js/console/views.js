// Saved views of a list and the columns that a person sees, beside the filters. Both are kept on the server.
(() => {
  const { useEffect, useRef, useState } = React;
  /** @type {(...parts: unknown[]) => object} */
  const h = React.createElement;
  const { ask } = examdesk;

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
    return h(
      'details',
      {
        className: 'console-panel',
        ref: details,
        onKeyDown: close,
        onToggle: (event) => setOpen(event.currentTarget.open),
      },
      h('summary', { className: 'console-action' }, h(AdminJSDesignSystem.Icon, { icon }), label),
      isOpen && h('div', { className: 'console-card' }, children),
    );
  }

  /** Sends to the server, then loads again. Returns what is wrong, or null. */
  async function send(list, address, body) {
    const { ok, answer } = await ask(`/admin/views/${list}${address}`, body);
    if (!ok) return answer.errors?.[0]?.message ?? answer.detail;
    await load(list);
    return null;
  }

  function Views({ resource }) {
    const choices = useChoices(resource.id);
    const view = useOpenView(choices);
    const { search } = ReactRouter.useLocation();
    const navigate = ReactRouter.useNavigate();
    const [problem, setProblem] = useState(null);
    const [notice, setNotice] = useState('');
    const list = resource.id;
    const save = async (event) => {
      event.preventDefault();
      const form = event.currentTarget;
      const fields = new FormData(form);
      const wrong = await send(list, '', {
        name: fields.get('name'),
        query: search.slice(1),
        columns: chosenOf(resource, choices, view),
        isShared: fields.has('isShared'),
      });
      setProblem(wrong);
      setNotice(wrong ? '' : 'The view is saved');
      if (!wrong) form.reset();
    };
    const remove = async ({ id, name }) => {
      const wrong = await send(list, `/${id}/remove`, {});
      setProblem(wrong);
      setNotice(wrong ? '' : `Removed: ${name}`);
    };
    return h(
      Panel,
      { icon: 'Bookmark', label: view ? `View: ${view.name}` : 'Views' },
      choices?.views.length > 0 &&
        h(
          'ul',
          { className: 'console-views' },
          choices.views.map((one) =>
            h(
              'li',
              { key: one.id },
              h(
                ReactRouterDOM.Link,
                {
                  to: { search: `${one.query && `${one.query}&`}tab=${one.id}` },
                  'aria-current': one.id === view?.id ? 'true' : undefined,
                },
                one.name,
              ),
              h('small', null, one.by ? `by ${one.by}` : one.isShared ? 'shared' : ''),
              one.mayRemove &&
                h(
                  'button',
                  {
                    type: 'button',
                    className: 'console-quiet',
                    'aria-label': `Remove the view ${one.name}`,
                    onClick: () => remove(one),
                  },
                  h(AdminJSDesignSystem.Icon, { icon: 'X' }),
                ),
            ),
          ),
        ),
      view &&
        h(
          'button',
          { type: 'button', className: 'console-action', onClick: () => navigate({ search: '' }) },
          'Leave this view',
        ),
      h(
        'form',
        { onSubmit: save, autoComplete: 'off' },
        problem && h('p', { className: 'console-problem', role: 'alert' }, problem),
        h('p', { role: 'status', className: 'console-hint' }, notice),
        h('label', { htmlFor: 'view-name' }, 'Keep these filters, sort and columns as'),
        h('input', { id: 'view-name', name: 'name', maxLength: 60, required: true, spellCheck: false }),
        h(
          'label',
          { className: 'console-check' },
          h('input', { type: 'checkbox', name: 'isShared', className: 'console-select' }),
          'Share with all staff',
        ),
        h('button', { className: 'console-button' }, 'Save view'),
      ),
    );
  }

  function Columns({ resource }) {
    const { translateProperty } = AdminJS.useTranslation();
    const choices = useChoices(resource.id);
    const view = useOpenView(choices);
    const [problem, setProblem] = useState(null);
    const [notice, setNotice] = useState('');
    if (!choices) return null;
    const chosen = chosenOf(resource, choices, view);
    const { name: title } = resource.titleProperty;
    const keep = async (columns) => {
      const wrong = await send(resource.id, '/columns', { columns });
      setProblem(wrong);
      setNotice(wrong ? '' : 'Saved');
    };
    const save = (event) => {
      event.preventDefault();
      const fields = new FormData(event.currentTarget);
      const names = propertiesOf(resource).map(({ name }) => name);
      void keep(names.filter((name) => name === title || fields.has(name)));
    };
    return h(
      Panel,
      { icon: 'Columns', label: 'Columns' },
      h(
        'form',
        { onSubmit: save, key: chosen.join(' ') },
        problem && h('p', { className: 'console-problem', role: 'alert' }, problem),
        view?.columns && h('p', { className: 'console-hint' }, `The view ${view.name} has its own columns.`),
        h(
          'fieldset',
          null,
          h('legend', null, 'Columns of this list, for you'),
          propertiesOf(resource).map((property) =>
            h(
              'label',
              { key: property.name, className: 'console-check' },
              h('input', {
                type: 'checkbox',
                name: property.name,
                className: 'console-select',
                defaultChecked: chosen.includes(property.name),
                disabled: property.name === title,
              }),
              translateProperty(property.label, resource.id),
            ),
          ),
        ),
        h('p', { role: 'status', className: 'console-hint' }, notice),
        h(
          'div',
          { className: 'console-panel-foot' },
          h('button', { className: 'console-button' }, 'Save columns'),
          h(
            'button',
            { type: 'button', className: 'console-action', onClick: () => keep(null) },
            'Usual columns',
          ),
        ),
      ),
    );
  }

  Object.assign(examdesk, { Columns, Views, useColumns });
})();
