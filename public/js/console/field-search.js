// A field that is searched as one types: WAI-ARIA's combobox with a list. Its value is an id, what it shows is a name.
(() => {
  const { useEffect, useRef, useState } = React;
  /** @type {(...parts: unknown[]) => object} */
  const h = React.createElement;
  const { ask } = examdesk;
  const pauseMs = 200;

  /** What the server finds for the text, a moment after it was typed; older answers are thrown away. */
  function useOptions(source, text) {
    const [found, setFound] = useState({ text: '', options: [], problem: null });
    useEffect(() => {
      const query = text.trim();
      if (query === '') return undefined;
      const leaving = new AbortController();
      const timer = setTimeout(async () => {
        const { ok, answer } = await ask(`${source}?query=${encodeURIComponent(query)}`, undefined, {
          signal: leaving.signal,
          stays: true,
        });
        if (leaving.signal.aborted) return;
        setFound({ text, options: ok ? answer.options : [], problem: ok ? null : answer.detail });
      }, pauseMs);
      return () => {
        clearTimeout(timer);
        leaving.abort();
      };
    }, [source, text]);
    return found;
  }

  function SearchField({ field, common, value, onChange }) {
    const [text, setText] = useState(value ? (field.display ?? '') : '');
    const [isOpen, setOpen] = useState(false);
    const [active, setActive] = useState(-1);
    const shown = useRef(text);
    const found = useOptions(field.source, isOpen ? text : '');
    const isCurrent = isOpen && found.text === text && text.trim() !== '';
    const options = isCurrent ? found.options : [];
    const listId = `${common.id}-options`;
    const optionId = (index) => `${listId}-${index}`;

    const type = (event) => {
      setText(event.target.value);
      setOpen(true);
      setActive(-1);
      // Another text is nobody yet.
      if (value) onChange(field.name, '');
    };
    const choose = (option) => {
      shown.current = option.label;
      setText(option.label);
      setOpen(false);
      setActive(-1);
      onChange(field.name, option.value);
    };
    const move = (to) => {
      if (options.length > 0) setActive((to + options.length) % options.length);
    };
    const keys = {
      ArrowDown: () => (isOpen ? move(active + 1) : setOpen(true)),
      ArrowUp: () => move(active < 0 ? options.length - 1 : active - 1),
      Enter: () => options[active] && choose(options[active]),
      Escape: () => {
        setOpen(false);
        setActive(-1);
      },
    };
    const press = (event) => {
      if (!Object.hasOwn(keys, event.key)) return;
      // Enter on nothing sends the form, Escape on a closed list is nothing of ours.
      if ((event.key === 'Enter' && active < 0) || (event.key === 'Escape' && !isOpen)) return;
      event.preventDefault();
      keys[event.key]();
    };
    const said = found.problem ?? (options.length === 0 ? 'Nobody found' : `${options.length} found`);
    return h(
      'div',
      { className: 'console-combobox' },
      h('input', {
        ...common,
        type: 'text',
        role: 'combobox',
        value: text,
        autoComplete: 'off',
        spellCheck: false,
        'aria-autocomplete': 'list',
        'aria-expanded': options.length > 0,
        'aria-controls': listId,
        'aria-activedescendant': options[active] ? optionId(active) : undefined,
        placeholder: field.hint ?? 'Name, e-mail or organisation',
        onChange: type,
        onKeyDown: press,
        onBlur: () => setOpen(false),
      }),
      h(
        'ul',
        { id: listId, role: 'listbox', 'aria-label': field.label, hidden: options.length === 0 },
        options.map((option, index) =>
          h(
            'li',
            {
              key: option.value,
              id: optionId(index),
              role: 'option',
              'aria-selected': index === active,
              // Before the field loses the focus.
              onMouseDown: (event) => {
                event.preventDefault();
                choose(option);
              },
            },
            option.label,
          ),
        ),
      ),
      h('p', { className: 'console-hint', role: 'status' }, isCurrent ? said : value ? 'Chosen' : ''),
    );
  }

  Object.assign(examdesk, { SearchField });
})();
