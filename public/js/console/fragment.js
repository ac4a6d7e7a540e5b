// Shows HTML of the server inside AdminJS's page. Its links and forms do not load a new page.
const { useEffect, useLayoutEffect } = React;
const { ask, html, useAnswer } = examdesk;

/** Whether AdminJS shows the link's address without loading a page. */
const isOwn = ({ pathname, origin }) =>
  origin === location.origin && pathname.startsWith('/admin/resources/');

/** For clicks around links: calls `leave` before the page changes. */
function useFollow(leave) {
  const navigate = ReactRouter.useNavigate();
  return (event) => {
    const link = event.target.closest('a');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || !isOwn(link)) return;
    event.preventDefault();
    leave?.();
    navigate(link.pathname + link.search);
  };
}

/** A form's values. Several values of one name become a list. */
function valuesOf(form, submitter) {
  const fields = new FormData(form, submitter);
  return Object.fromEntries([...fields.keys()].map((name) => [name, fields.getAll(name)]).map(single));
}
const single = ([name, values]) => [name, values.length === 1 ? values[0] : values];

/** Shows the `html` that `address` answers, and loads it again after each step. A form's answer names the next page. */
function Fragment({ address }) {
  const { key, pathname, search } = ReactRouter.useLocation();
  const navigate = ReactRouter.useNavigate();
  const addNotice = AdminJS.useNotice();
  const [found, again] = useAnswer(address, key);
  const follow = useFollow();
  const focused = document.activeElement?.id;
  // If the element with the focus was replaced, its replacement gets the focus.
  useLayoutEffect(() => {
    if (focused && document.activeElement?.id !== focused) document.getElementById(focused)?.focus();
  }, [found]);
  const send = async (event) => {
    const form = event.target;
    const refusal = form.querySelector('[role="alert"]');
    // The other forms lead to pages, which the browser loads.
    if (!refusal) return;
    event.preventDefault();
    const { ok, answer } = await ask(
      form.getAttribute('action'),
      valuesOf(form, event.nativeEvent.submitter),
    );
    if (!ok) {
      refusal.textContent = answer.errors?.[0]?.message ?? answer.detail;
      return;
    }
    if (form.popover) form.hidePopover();
    if (answer.notice) addNotice({ message: answer.notice, type: 'success' });
    navigate(answer.href ?? pathname + search, { state: {} });
  };
  if (!found?.ok) return html`<${Waiting} found=${found} again=${again} />`;
  return html`<div className="stacked" onClick=${follow} onSubmit=${send} dangerouslySetInnerHTML=${{ __html: found.answer.html }} />`;
}

/** What is shown until the answer is there, and when it is a failure. */
const Waiting = ({ found, again }) =>
  found
    ? html`
      <div className="card" role="alert">
        <p className="field-error">${found.answer.detail}</p>
        <button type="button" className="button" onClick=${again}>Try again</button>
      </div>`
    : html`<p role="status">Loading…</p>`;

/** The console's first page. */
function Dashboard() {
  const { search } = ReactRouter.useLocation();
  useEffect(() => {
    document.title = 'Today – Examdesk';
  }, []);
  return html`
    <div className="console-dashboard"><h1>Today</h1><${Fragment} address="/admin/api/dashboard${search}" /></div>`;
}

Object.assign(examdesk, { Fragment, useFollow, Waiting });
AdminJS.UserComponents.ConsoleDashboard = Dashboard;
