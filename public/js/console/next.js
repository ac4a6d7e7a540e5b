// On a record that was opened from what needs attention: how many of its kind are left, and a link to the next.
(() => {
  const { useEffect, useState } = React;
  /** @type {(...parts: unknown[]) => object} */
  const h = React.createElement;
  const { ask } = examdesk;

  /** After it has saved a record AdminJS shows it, at an address without the kind. */
  let last = { id: '', kind: '' };

  /** The kind in this page's address, or in the one before of the same record. */
  function useKind(id) {
    const { search } = ReactRouter.useLocation();
    const kind = new URLSearchParams(search).get('next');
    if (kind && /^[a-z-]{1,40}$/.test(kind)) last = { id, kind };
    return id && last.id === id ? last.kind : null;
  }

  function NextOne({ record }) {
    const kind = useKind(record.id);
    const { pathname } = ReactRouter.useLocation();
    const [found, setFound] = useState(null);
    useEffect(() => {
      if (!kind) return undefined;
      const stop = new AbortController();
      const load = async () => {
        const address = `/admin/api/next/${kind}?after=${encodeURIComponent(record.id)}`;
        const { ok, answer } = await ask(address, null, { signal: stop.signal });
        if (!stop.signal.aborted && ok) setFound(answer);
      };
      void load();
      return () => stop.abort();
    }, [kind, record.id, pathname]);
    if (!kind || !found) return null;
    const { label, left, href, isOpen } = found;
    if (!href) {
      return h(
        'p',
        { className: 'console-next' },
        h('span', null, `${label}: ${isOpen ? 'this is' : 'that was'} the last one.`),
        h('a', { href: '/admin', className: 'console-action' }, 'Today'),
      );
    }
    return h(
      'p',
      { className: 'console-next' },
      h('span', null, `${label}: ${left.toLocaleString('en-AU')} ${isOpen ? 'more' : 'left'}`),
      h('a', { href, className: 'console-action' }, 'Next one'),
    );
  }

  Object.assign(examdesk, { NextOne });
})();
