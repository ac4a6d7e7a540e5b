// The filters of a list, a form of native fields. Days are sent as days; the server reads them in the reader's zone.
// Words that may identify an examinee are sealed before they are applied.
const { useEffect, useRef, useState } = React;
const { h, seal, useUnsealed } = examdesk;

const yesOrNo = [
  { value: 'true', label: 'Yes' },
  { value: 'false', label: 'No' },
];

function Choice({ id, name, value, options }) {
  return h(
    'select',
    { id, name, defaultValue: value },
    h('option', { value: '' }, 'Any'),
    options.map((option) => h('option', { key: option.value, value: option.value }, option.label)),
  );
}

function Field({ property, label, values }) {
  const { propertyPath: path, availableValues, custom } = property;
  const id = `filter-${path}`;
  if (custom.type === 'datetime' || custom.type === 'date') {
    return h(
      'fieldset.console-field',
      h('legend', label),
      h(
        'div.console-span',
        ['from', 'to'].map((bound) =>
          h(
            'label',
            { key: bound },
            h('span', bound === 'from' ? 'From' : 'To'),
            h('input', {
              type: 'date',
              name: `${path}~~${bound}`,
              'aria-label': `${label}, ${bound}`,
              defaultValue: values[`${path}~~${bound}`] ?? '',
            }),
          ),
        ),
      ),
    );
  }
  const value = values[path] ?? '';
  const options = custom.type === 'boolean' ? yesOrNo : availableValues;
  return h(
    'div.console-field',
    h('label', { htmlFor: id }, custom.unit ? `${label} (${custom.unit})` : label),
    options
      ? h(Choice, { id, name: path, value, options })
      : h('input', {
          id,
          name: path,
          defaultValue: value,
          autoComplete: 'off',
          spellCheck: false,
          maxLength: 200,
          ...(custom.type === 'number' && { inputMode: 'numeric' }),
        }),
  );
}

/** Sorts by columns the list does not show, and on narrow screens, where it has no column heads. */
function Order({ properties, labelOf, sortBy, direction }) {
  return h(
    'fieldset.console-field',
    h('legend', 'Sort by'),
    h(
      'div.console-span',
      h(
        'select',
        { name: 'sortBy', defaultValue: sortBy ?? '', 'aria-label': 'Sort by' },
        h('option', { value: '' }, 'Default'),
        properties.map((property) =>
          h('option', { key: property.propertyPath, value: property.propertyPath }, labelOf(property)),
        ),
      ),
      h(
        'select',
        { name: 'direction', defaultValue: direction ?? 'asc', 'aria-label': 'Direction' },
        h('option', { value: 'asc' }, 'Ascending'),
        h('option', { value: 'desc' }, 'Descending'),
      ),
    ),
  );
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

  return h(
    'form.console-filters',
    {
      id: 'console-filters',
      hidden: !isVisible,
      ref: form,
      'aria-label': 'Filters',
      noValidate: true,
      onSubmit: apply,
      // Resets the fields when the URL changes.
      key: `${resource.id} ${JSON.stringify(filters)} ${sortBy} ${direction} ${isReady}`,
      onKeyDown: ({ key }) => key === 'Escape' && leave(),
    },
    h(
      'div.console-filters-head',
      h('h2', 'Filters'),
      h(
        'button.console-quiet',
        { type: 'button', 'aria-label': 'Close the filters', onClick: leave },
        h(AdminJSDesignSystem.Icon, { icon: 'X' }),
      ),
    ),
    h(
      'div.console-filters-fields',
      problem && h('p.console-problem', { role: 'alert' }, problem),
      properties.map((property) =>
        h(Field, { key: property.propertyPath, property, label: labelOf(property), values }),
      ),
      h(Order, { properties, labelOf, sortBy, direction }),
    ),
    h(
      'div.console-filters-foot',
      h('button.console-button', { disabled: isSealing }, 'Apply'),
      h(
        'button.console-action',
        {
          type: 'button',
          onClick: () => {
            storeParams({ filters: {}, page: '1', sortBy: undefined, direction: undefined });
            leave();
          },
        },
        'Reset',
      ),
    ),
  );
}

Object.assign(AdminJS.UserComponents, { FilterDrawer: Filters });
