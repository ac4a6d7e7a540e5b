// The lists below a record: what belongs to it, each with the newest few rows.
const { html } = examdesk;
const shown = 10;

function List({ list: { table, by, without }, value }) {
  const resource = AdminJS.useResource(table);
  const columns = resource.listProperties.filter(({ name }) => !without.includes(name));
  // Sorting would change the address of the record.
  const listProperties = columns.map((column) => ({ ...column, isSortable: false }));
  const { translateLabel } = AdminJS.useTranslation();
  const filter = new URLSearchParams({ [`filters.${by}`]: value });
  const [found] = examdesk.useAnswer(`/admin/api/resources/${table}/actions/list?${filter}&perPage=${shown}`);
  const total = found?.ok ? found.answer.meta.total : 0;
  const title = `related-${table}`;
  return html`
    <section className="card console-related" aria-labelledby=${title} aria-busy=${found === null}>
      <h2 id=${title} className="chips">
        ${translateLabel(resource.name, resource.id)}
        ${total > 0 && html`<span className="tag"> ${total}</span>`}
        ${total > shown && html`<a href="/admin/resources/${table}?${filter}">Show all</a>`}
      </h2>
      ${found && !found.ok && html`<p role="alert">${found.answer.detail}</p>`}
      ${found?.ok && total === 0 && html`<p className="muted">None</p>`}
      ${total > 0 && html`<${AdminJS.RecordsTable} isRelated resource=${{ ...resource, listProperties }} records=${found.answer.records} />`}
    </section>`;
}

function Show({ OriginalComponent, ...shownAs }) {
  const { action, record } = shownAs;
  const list = (one) => html`
    <${List} key="${one.table} ${record.id}" list=${one} value=${record.params[one.holds]} />`;
  return html`<${OriginalComponent} ...${shownAs} />${(action.custom.related ?? []).map(list)}`;
}

AdminJS.UserComponents.DefaultShowAction = Show;
