// Fields that search while somebody types: the field in the bar, and a form's field for a record. found-list.js makes each
// field and the links below it a combobox; search.js handles the key /.
const { useEffect, useRef, useState } = React;
const { ask, html, signInAddress } = examdesk;
const pauseMs = 150;
const failed = '<p class="muted">We can’t search right now. Check your connection and try again.</p>';

/**
 * Returns what `load(words, signal)` finds, a moment after the last key; null when nothing is to be shown. `events` are for
 * the element around the field and the list: Escape and leaving it close the list.
 */
function useFound(load) {
  const [found, setFound] = useState(null);
  const running = useRef(null);
  useEffect(() => {
    document.dispatchEvent(new Event('examdesk:found'));
  }, [found]);
  const close = () => {
    running.current?.abort();
    setFound(null);
  };
  const search = ({ target }) => {
    running.current?.abort();
    const words = target.value.trim();
    if (words === '') {
      setFound(null);
      return;
    }
    const { signal } = (running.current = new AbortController());
    setTimeout(async () => {
      const answer = signal.aborted ? null : await load(words, signal);
      if (!signal.aborted) setFound(answer);
    }, pauseMs);
  };
  const events = {
    onKeyDown(event) {
      if (event.key !== 'Escape' || found === null) return;
      // Keeps the browser from emptying the field; the next Escape empties it.
      event.preventDefault();
      close();
      event.currentTarget.querySelector('input').focus();
    },
    onBlur({ currentTarget, relatedTarget }) {
      if (!currentTarget.contains(relatedTarget)) close();
    },
  };
  return { found, search, close, events };
}

/** Finds a record by its name; the value is its id. */
function SearchField({ field, common, value, onChange }) {
  const [text, setText] = useState(value ? (field.display ?? '') : '');
  const { found, search, close, events } = useFound((words, signal) =>
    ask(`${field.source}?query=${encodeURIComponent(words)}`, undefined, { signal, stays: true }),
  );
  const options = found?.ok ? found.answer.options : [];
  const type = (event) => {
    setText(event.target.value);
    // The text no longer names the chosen option.
    if (value) onChange(field.name, '');
    search(event);
  };
  const choose = (event, option) => {
    event.preventDefault();
    setText(option.label);
    onChange(field.name, option.value);
    close();
  };
  const status = () => {
    if (!found) return value ? 'Chosen' : '';
    if (!found.ok) return found.answer.detail;
    return options.length === 0 ? 'No matches' : `${options.length} found`;
  };
  const list = `${common.id}-found`;
  const option = (one) => html`
    <li key=${one.value}>
      <a className="found-one" href="#${one.value}" onClick=${(event) => choose(event, one)}>${one.label}</a>
    </li>`;
  // Keeps the focus in the field.
  return html`
    <div className="console-combobox" ...${events}>
      <input ...${common} value=${text} autoComplete="off" spellCheck=${false} data-finds=${list}
        placeholder=${field.hint ?? 'Name, e-mail or organisation'} onChange=${type} />
      <div id=${list} className="console-found" hidden=${options.length === 0} onMouseDown=${(event) => event.preventDefault()}>
        <ul className="found-list" data-options="">${options.map(option)}</ul>
      </div>
      <p className="hint" role="status">${status()}</p>
    </div>`;
}

/** Shows everything that the words find, in the portal's HTML (views/search/_found.ejs). */
async function findEverywhere(words, signal) {
  try {
    const response = await fetch('/search', {
      method: 'POST',
      headers: { 'HX-Request-Type': 'partial' },
      body: new URLSearchParams({ q: words, in: 'console' }),
      signal,
    });
    if (response.status === 401) location.assign(signInAddress());
    return response.ok ? await response.text() : failed;
  } catch {
    return failed;
  }
}

function SearchBox() {
  const { found, search, close, events } = useFound(findEverywhere);
  const field = useRef(null);
  const follow = examdesk.useFollow(() => {
    field.current.value = '';
    field.current.blur();
    close();
  });
  // Enter without a chosen result opens the search's own page.
  return html`
    <form className="console-find" role="search" aria-label="Everything" method="post" action="/search"
      autoComplete="off" ...${events}>
      <${AdminJSDesignSystem.Icon} icon="Search" size=${16} />
      <input ref=${field} id="console-find" type="search" name="q" maxLength="200" spellCheck=${false}
        aria-label="Search people, bookings, organisations, specialists and pages" placeholder="Search everything"
        title="Press / to search" data-finds="console-found" data-search-field="" onChange=${search} onFocus=${search} />
      <p className="visually-hidden" role="status" data-found-count=""></p>
      <div className="console-found" hidden=${found === null}>
        <div id="console-found" onClick=${follow} dangerouslySetInnerHTML=${{ __html: found ?? '' }} />
        <p className="search-foot">
          <span className="muted">↑ ↓ to choose, Enter to open</span>
          <button type="button" className="button button-quiet" data-search-key="">Turn off the key /</button>
        </p>
      </div>
    </form>`;
}

Object.assign(examdesk, { SearchBox, SearchField });
