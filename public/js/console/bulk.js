// Above the rows of a list: what can be done to those that are selected, or to all that match. The server counts first.
const { createContext, useContext, useEffect, useMemo, useState } = React;
const { h } = examdesk;

/** Null outside a list whose records can be selected. */
const Selection = createContext(null);

const offersOf = (resource) =>
  resource.resourceActions.find(({ name }) => name === 'list')?.custom.bulk ?? [];

/** Around the table: which of its records are selected, and the columns that this person sees. */
function Table({ OriginalComponent, ...shown }) {
  const { records, resource } = shown;
  const [ids, setIds] = useState(new Set());
  const shownIds = records.map(({ id }) => id);
  useEffect(() => setIds(new Set()), [resource.id, shownIds.join(' ')]);
  const selection = useMemo(() => {
    if (offersOf(resource).length === 0) return null;
    return {
      ids,
      shownIds,
      set: (some, isSelected) =>
        setIds((before) => {
          const after = new Set(before);
          for (const id of some)
            if (isSelected) after.add(id);
            else after.delete(id);
          return after;
        }),
    };
  }, [resource, ids, shownIds.join(' ')]);
  const columns = examdesk.useColumns(resource);
  // What AdminJS shows while it loads the records.
  if (!columns) return h(AdminJSDesignSystem.Loader);
  const list = { ...resource, listProperties: columns };
  return h(Selection.Provider, { value: selection }, h(OriginalComponent, { ...shown, resource: list }));
}

/** In front of a record's title. */
function Select({ record, label }) {
  const selection = useContext(Selection);
  if (!selection) return null;
  return h('input.console-select', {
    type: 'checkbox',
    'aria-label': `Select ${label}`,
    checked: selection.ids.has(record.id),
    onChange: (event) => selection.set([record.id], event.target.checked),
    // A click on the row opens the record.
    onClick: (event) => event.stopPropagation(),
  });
}

/** In place of AdminJS's bar of selected records: a form that works on the server. */
function Bar({ resource }) {
  const selection = useContext(Selection);
  const { search } = ReactRouter.useLocation();
  if (!selection) return null;
  const { ids, shownIds, set } = selection;
  const isAll = shownIds.every((id) => ids.has(id));
  return h(
    'caption.console-bulk',
    h(
      'div',
      h(
        'label',
        h('input.console-select', {
          type: 'checkbox',
          checked: isAll,
          onChange: (event) => set(shownIds, event.target.checked),
        }),
        'Select this page',
      ),
      h('span', { role: 'status' }, ids.size > 0 ? `${ids.size} selected` : ''),
      offersOf(resource).map(({ kind, label }) =>
        h(
          'form',
          { key: kind, method: 'post', action: '/admin/bulk' },
          h('input', { type: 'hidden', name: 'kind', value: kind }),
          h('input', { type: 'hidden', name: 'ids', value: [...ids].join(',') }),
          h('input', { type: 'hidden', name: 'query', value: search.slice(1) }),
          ids.size > 0 &&
            h(
              'button.console-button',
              { name: 'which', value: 'selected' },
              `${label}: ${ids.size} selected`,
            ),
          h('button.console-action', { name: 'which', value: 'all' }, `${label}: all that match`),
        ),
      ),
    ),
  );
}

Object.assign(examdesk, { Select });
Object.assign(AdminJS.UserComponents, { RecordsTable: Table, SelectedRecords: Bar });
