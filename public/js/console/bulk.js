// The bar above the rows of a list, with the actions for the selected rows or for all that match. The server counts first.
const { createContext, useContext, useEffect, useState } = React;
const { html, listOf } = examdesk;

/** The selection; null outside a list whose records can be selected. */
const Selection = createContext(null);

/** Surrounds a table: keeps which records of the list are selected, and the columns that this person sees. */
function Table({ OriginalComponent, isRelated, ...shown }) {
  const { records, resource } = shown;
  const [ids, setIds] = useState(new Set());
  const shownIds = records.map(({ id }) => id);
  useEffect(() => setIds(new Set()), [resource.id, shownIds.join(' ')]);
  const set = (some, isSelected) =>
    setIds((before) => (isSelected ? before.union(new Set(some)) : before.difference(new Set(some))));
  const selection = !isRelated && listOf(resource).bulk.length > 0 ? { ids, shownIds, set } : null;
  const all = [...resource.listProperties, ...resource.showProperties];
  const chosen = isRelated ? null : examdesk.columnsOf.get(resource.id);
  const named = chosen?.map((name) => all.find((one) => one.name === name));
  const list = { ...resource, listProperties: named ?? resource.listProperties };
  return html`
    <${Selection.Provider} value=${selection}><${OriginalComponent} ...${shown} resource=${list} /><//>`;
}

/** The checkbox in front of a record's title. */
function Select({ record, label }) {
  const selection = useContext(Selection);
  if (!selection) return null;
  const { ids, set } = selection;
  // Otherwise the click would reach the row, which opens the record.
  return html`
    <input type="checkbox" className="console-box" aria-label="Select ${label}" checked=${ids.has(record.id)}
      onChange=${(event) => set([record.id], event.target.checked)} onClick=${(event) => event.stopPropagation()} />`;
}

/** Replaces AdminJS's bar of selected records by a form that is sent to the server. */
function Bar({ resource }) {
  const selection = useContext(Selection);
  const { search } = ReactRouter.useLocation();
  if (!selection) return null;
  const { ids, shownIds, set } = selection;
  const offer = ({ kind, label }) => html`
    <form key=${kind} className="chips" method="post" action="/admin/bulk">
      <input type="hidden" name="kind" value=${kind} />
      <input type="hidden" name="ids" value=${[...ids].join(',')} />
      <input type="hidden" name="query" value=${search.slice(1)} />
      ${ids.size > 0 && html`<button className="button" name="which" value="selected">${label}: ${ids.size} selected</button>`}
      <button className="button button-second" name="which" value="all">${label}: all that match</button>
    </form>`;
  return html`
    <caption className="console-bulk">
      <div className="chips">
        <label className="chips">
          <input type="checkbox" className="console-box" checked=${shownIds.every((id) => ids.has(id))}
            onChange=${(event) => set(shownIds, event.target.checked)} />
          Select this page
        </label>
        <span className="muted" role="status">${ids.size > 0 ? `${ids.size} selected` : ''}</span>
        ${listOf(resource).bulk.map(offer)}
      </div>
    </caption>`;
}

Object.assign(examdesk, { Select });
Object.assign(AdminJS.UserComponents, { RecordsTable: Table, SelectedRecords: Bar });
