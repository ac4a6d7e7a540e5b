// A search field: a WAI-ARIA combobox that asks the server while the reader types. It shows a name; its value is an id.
(() => {
  const { useEffect, useRef, useState } = React;
  /** @type {(...parts: unknown[]) => object} */
  const h = React.createElement;
  const { ask } = examdesk;
  const pauseMs = 200;

  /** The server's options for the text, 200 ms after the last key. Aborts older requests. */
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
      // The text no longer names the chosen option.
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
      // With no active option Enter sends the form; Escape on a closed list is left to the browser.
      if ((event.key === 'Enter' && active < 0) || (event.key === 'Escape' && !isOpen)) return;
      event.preventDefault();
      keys[event.key]();
    };
    const status = found.problem ?? (options.length === 0 ? 'No matches' : `${options.length} found`);
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
              // mousedown comes before the field loses focus; click would come after.
              onMouseDown: (event) => {
                event.preventDefault();
                choose(option);
              },
            },
            option.label,
          ),
        ),
      ),
      h('p', { className: 'console-hint', role: 'status' }, isCurrent ? status : value ? 'Chosen' : ''),
    );
  }

  Object.assign(examdesk, { SearchField });
})();
