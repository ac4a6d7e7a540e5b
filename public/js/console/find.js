// The one search in the bar. The server finds, and words what it found, as on the portal (views/search/_found.ejs);
// found-list.js makes field and list a combobox, search.js has the key /.
(() => {
  const { useEffect, useRef, useState } = React;
  /** @type {(...parts: unknown[]) => object} */
  const h = React.createElement;
  const pauseMs = 150;
  const failed = '<p class="muted">We can’t search right now. Check your connection and try again.</p>';

  /** What the words find, as HTML; null when a newer search has replaced this one. */
  async function find(words, signal) {
    try {
      const response = await fetch('/search', {
        method: 'POST',
        headers: { 'HX-Request-Type': 'partial' },
        body: new URLSearchParams({ q: words, in: 'console' }),
        signal,
      });
      if (response.status === 401) location.assign(examdesk.signInAddress());
      return response.ok ? await response.text() : failed;
    } catch {
      return signal.aborted ? null : failed;
    }
  }

  /** An address of AdminJS, which shows it without loading a page. */
  const isOwn = ({ pathname, origin }) =>
    origin === location.origin && pathname.startsWith('/admin/resources/');

  function SearchBox() {
    const [found, setFound] = useState(null);
    const field = useRef(null);
    const box = useRef(null);
    const running = useRef({ abort: () => undefined });
    const navigate = ReactRouter.useNavigate();
    useEffect(() => {
      document.dispatchEvent(new Event('examdesk:found'));
    }, [found]);

    const close = () => {
      running.current.abort();
      setFound(null);
    };
    const search = () => {
      running.current.abort();
      const words = field.current.value.trim();
      if (words === '') {
        setFound(null);
        return;
      }
      const leaving = new AbortController();
      running.current = leaving;
      setTimeout(async () => {
        if (leaving.signal.aborted) return;
        const html = await find(words, leaving.signal);
        if (html !== null && !leaving.signal.aborted) setFound(html);
      }, pauseMs);
    };
    const press = (event) => {
      if (event.key !== 'Escape' || found === null) return;
      // The browser would empty the field; the next Escape does.
      event.preventDefault();
      close();
      field.current.focus();
    };
    const leave = ({ relatedTarget }) => {
      if (!box.current.contains(relatedTarget)) close();
    };
    const follow = (event) => {
      const link = event.target.closest('a');
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey || !isOwn(link)) return;
      event.preventDefault();
      field.current.value = '';
      field.current.blur();
      close();
      navigate(link.pathname + link.search);
    };
    return h(
      'form',
      {
        ref: box,
        role: 'search',
        'aria-label': 'Everything',
        className: 'console-find',
        // Enter before anything is chosen: the search's own page.
        method: 'post',
        action: '/search',
        autoComplete: 'off',
        onKeyDown: press,
        onBlur: leave,
      },
      h(AdminJSDesignSystem.Icon, { icon: 'Search', size: 16 }),
      h('input', {
        ref: field,
        id: 'console-find',
        type: 'search',
        name: 'q',
        'aria-label': 'Search people, bookings, organisations, specialists and pages',
        placeholder: 'Search everything',
        title: 'Press / to search',
        maxLength: 200,
        spellCheck: false,
        'data-finds': 'console-found',
        'data-search-field': '',
        onChange: search,
        onFocus: search,
      }),
      h('p', { className: 'visually-hidden', role: 'status', 'data-found-count': '' }),
      h(
        'div',
        { className: 'console-found', hidden: found === null },
        h('div', {
          id: 'console-found',
          onClick: follow,
          dangerouslySetInnerHTML: { __html: found ?? '' },
        }),
        h(
          'p',
          { className: 'search-foot' },
          h('span', { className: 'muted' }, '↑ ↓ to choose, Enter to open'),
          h(
            'button',
            { type: 'button', className: 'console-quiet', 'data-search-key': '' },
            'Turn off the key /',
          ),
        ),
      ),
    );
  }

  Object.assign(examdesk, { SearchBox });
})();
