// Shows, on a record that was opened from what needs attention, how many of its kind are left, with a link to the next.
const { html } = examdesk;

/** Keeps the kind: after saving a record, AdminJS shows it at an address without the kind. */
let last = { id: '', kind: '' };

/** The kind in this page's address, or in the earlier address of the same record. */
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
  const words = `${isOpen ? 'this is' : 'that was'} the last one.`;
  const more = `${left.toLocaleString('en-AU')} ${isOpen ? 'more' : 'left'}`;
  return html`
    <p className="chips console-next">
      <span>${label}: ${href ? more : words}</span>
      <a className="button button-second" href=${href ?? '/admin'}>${href ? 'Next one' : 'Today'}</a>
    </p>`;
}

Object.assign(examdesk, { NextOne });
