// On a record that was opened from what needs attention: how many of its kind are left, and a link to the next.
const { h } = examdesk;

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
  const after = encodeURIComponent(record.id);
  const [found] = examdesk.useAnswer(kind && `/admin/api/next/${kind}?after=${after}`, pathname);
  if (!kind || !found?.ok) return null;
  const { label, left, href, isOpen } = found.answer;
  if (!href) {
    return h(
      'p.console-next',
      h('span', `${label}: ${isOpen ? 'this is' : 'that was'} the last one.`),
      h('a.console-action', { href: '/admin' }, 'Today'),
    );
  }
  return h(
    'p.console-next',
    h('span', `${label}: ${left.toLocaleString('en-AU')} ${isOpen ? 'more' : 'left'}`),
    h('a.console-action', { href }, 'Next one'),
  );
}

Object.assign(examdesk, { NextOne });
