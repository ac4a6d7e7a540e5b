// The filters of a list, a form of native fields. Days are sent as days; the server reads them in the reader's zone.
// Words that may identify an examinee are sealed before they are applied.
const { useEffect, useRef, useState } = React;
const { html, seal, useUnsealed } = examdesk;

const yesOrNo = [
  { value: 'true', label: 'Yes' },
  { value: 'false', label: 'No' },
];

const choice = (attributes, options) => html`
  <select ...${attributes}>
    ${options.map(({ value, label }) => html`<option key=${value} value=${value}>${label}</option>`)}
  </select>`;
const any = { value: '', label: 'Any' };

const bound = (path, label, values, at, words) => html`
  <label>
    <span>${words}</span>
    <input type="date" name="${path}~~${at}" aria-label="${label}, ${at}" defaultValue=${values[`${path}~~${at}`] ?? ''} />
  </label>`;

function field({ propertyPath: path, availableValues, custom }, label, values) {
  if (custom.type === 'datetime' || custom.type === 'date')
    return html`
      <fieldset key=${path} className="field">
        <legend>${label}</legend>
        <div className="console-span">
          ${bound(path, label, values, 'from', 'From')}${bound(path, label, values, 'to', 'To')}
        </div>
      </fieldset>`;
  const id = `filter-${path}`;
  const attributes = { id, name: path, defaultValue: values[path] ?? '' };
  const options = custom.type === 'boolean' ? yesOrNo : availableValues;
  const input = html`
    <input ...${attributes} autoComplete="off" spellCheck=${false} maxLength="200"
      inputMode=${custom.type === 'number' ? 'numeric' : undefined} />`;
  return html`
    <div key=${path} className="field">
      <label htmlFor=${id}>${custom.unit ? `${label} (${custom.unit})` : label}</label>
      ${options ? choice(attributes, [any, ...options]) : input}
    </div>`;
}

/** Sorts by columns the list does not show, and on narrow screens, where it has no column heads. */
function orderOf(columns, sortBy, direction) {
  const by = { name: 'sortBy', defaultValue: sortBy ?? '', 'aria-label': 'Sort by' };
  const towards = { name: 'direction', defaultValue: direction ?? 'asc', 'aria-label': 'Direction' };
  const directions = [
    { value: 'asc', label: 'Ascending' },
    { value: 'desc', label: 'Descending' },
  ];
  return html`
    <fieldset className="field">
      <legend>Sort by</legend>
      <div className="console-span">
        ${choice(by, [{ value: '', label: 'Default' }, ...columns])}${choice(towards, directions)}
      </div>
    </fieldset>`;
}

function Filters({ resource }) {
  const { isVisible, close } = AdminJS.useFilterDrawer();
  const { filters = {}, sortBy, direction, storeParams } = AdminJS.useQueryParams();
  const { translateProperty } = AdminJS.useTranslation();
  const [problem, setProblem] = useState(null);
  const [isSealing, setSealing] = useState(false);
  const form = useRef(null);
  const properties = resource.filterProperties;
  /** Of a filter, which may be a bound of a property (`startsAt~~from`). */
  const propertyOf = (name) => properties.find(({ propertyPath }) => propertyPath === name.split('~~')[0]);
  const isHealth = ([name]) => propertyOf(name)?.custom.isHealth;
  const sealedNames = Object.keys(filters).filter((name) => isHealth([name]));
  const tokens = sealedNames.map((name) => filters[name]).filter(Boolean);
  const { words: textOf, isKnown, isReady } = useUnsealed(tokens, isVisible);
  const values = Object.fromEntries(
    Object.entries(filters).map(([name, value]) => [
      name,
      sealedNames.includes(name) ? textOf(value) : value,
    ]),
  );
  const labelOf = (property) => translateProperty(property.label, resource.id);

  useEffect(() => close(), [resource.id]);
  useEffect(() => {
    if (isVisible) form.current?.querySelector('input, select')?.focus();
  }, [isVisible]);
  const leave = () => {
    close();
    document.getElementById('console-filter')?.focus();
  };

  const apply = async (event) => {
    event.preventDefault();
    const typed = [...new FormData(form.current)].map(([name, value]) => [name, value.trim()]);
    const order = Object.fromEntries(typed.filter(([name]) => name === 'sortBy' || name === 'direction'));
    const given = typed.filter(([name, value]) => value && !(name in order));
    // Keeps the sealed words of filters that were not changed or could not be read.
    const isKept = (name, value) =>
      sealedNames.includes(name) && value === textOf(filters[name]) && (value || !isKnown(filters[name]));
    const kept = typed.filter((pair) => isKept(...pair)).map(([name]) => [name, filters[name]]);
    setSealing(true);
    const sealed = await seal(Object.fromEntries(given.filter((pair) => isHealth(pair) && !isKept(...pair))));
    setSealing(false);
    if (!sealed.ok) {
      setProblem(sealed.detail);
      return;
    }
    setProblem(null);
    // Keeps filters without a field here: the search, and ids that came with a link.
    const others = Object.entries(filters).filter(([name]) => !propertyOf(name));
    storeParams({
      filters: {
        ...Object.fromEntries(others),
        ...Object.fromEntries(given.filter((pair) => !isHealth(pair))),
        ...Object.fromEntries(kept),
        ...sealed.sealed,
      },
      page: '1',
      ...(order.sortBy ? order : { sortBy: undefined, direction: undefined }),
    });
    leave();
  };

  const reset = () => {
    storeParams({ filters: {}, page: '1', sortBy: undefined, direction: undefined });
    leave();
  };
  const columns = properties.map((property) => ({ value: property.propertyPath, label: labelOf(property) }));
  // Resets the fields when the URL changes.
  const key = `${resource.id} ${JSON.stringify(filters)} ${sortBy} ${direction} ${isReady}`;
  return html`
    <form key=${key} id="console-filters" className="console-filters" aria-label="Filters" noValidate ref=${form}
      hidden=${!isVisible} onSubmit=${apply} onKeyDown=${(event) => event.key === 'Escape' && leave()}>
      <div className="summary-head">
        <h2>Filters</h2>
        <button type="button" className="button button-quiet" aria-label="Close the filters" onClick=${leave}>
          <${AdminJSDesignSystem.Icon} icon="X" />
        </button>
      </div>
      <div className="console-filters-fields">
        ${problem && html`<p className="field-error" role="alert">${problem}</p>`}
        ${properties.map((property) => field(property, labelOf(property), values))}
        ${orderOf(columns, sortBy, direction)}
      </div>
      <div className="chips">
        <button className="button" disabled=${isSealing}>Apply</button>
        <button type="button" className="button button-second" onClick=${reset}>Reset</button>
      </div>
    </form>`;
}

Object.assign(AdminJS.UserComponents, { FilterDrawer: Filters });
