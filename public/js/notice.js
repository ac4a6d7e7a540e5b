// The notice of a page about its session: said once under the header, with what one can do.

/** @param place the element it follows; without one it is the first of the page */
export function createNotice(className, place) {
  const notice = document.createElement('div');
  notice.className = className;
  notice.setAttribute('role', 'status');
  if (place) place.after(notice);
  else document.body.prepend(notice);
  return {
    isEmpty: () => notice.childElementCount === 0,
    clear: () => notice.replaceChildren(),
    show(text, ...actions) {
      const words = document.createElement('p');
      words.textContent = text;
      notice.replaceChildren(words, ...actions);
    },
    focusLink: () => notice.querySelector('a')?.focus(),
  };
}

export function button(text, run) {
  const made = document.createElement('button');
  made.type = 'button';
  made.className = 'button';
  made.textContent = text;
  made.addEventListener('click', run);
  return made;
}

export function link(href, text) {
  const made = document.createElement('a');
  made.className = 'button';
  made.href = href;
  made.textContent = text;
  return made;
}

/** In the server's format. */
export function timeOf(at) {
  const clock = new Intl.DateTimeFormat('en-AU', { hour: 'numeric', minute: '2-digit', hour12: true });
  return clock.format(at).replaceAll(/\s/gu, '\u00a0');
}

/**
 * While `isOver()`, no form of this page is sent; the notice says what to do instead. Where it may not be over any more,
 * because a person signed in elsewhere a moment ago, `askServer` finds out, and what they wanted to send is sent.
 */
export function blockSubmits(isOver, notice, askServer = null) {
  let blocked = null;
  const block = (event) => {
    const action = event.target.closest?.('form')?.getAttribute('action') ?? '';
    if (!isOver() || /\/(sign-out|exit-impersonation)$/.test(action)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    notice.focusLink();
    if (!askServer || event.type !== 'submit') return;
    const isAsking = blocked !== null;
    blocked = event;
    if (!isAsking) void sendOrKeep();
  };
  const sendOrKeep = async () => {
    // A press while the server is asked may come after the sign-in that its answer does not know of.
    let asked = null;
    while (asked !== blocked) {
      asked = blocked;
      await askServer();
    }
    blocked = null;
    const { target: form, submitter } = asked;
    if (!isOver() && form.isConnected) form.requestSubmit(submitter?.isConnected ? submitter : null);
  };
  addEventListener('submit', block, true);
  document.addEventListener('htmx:before:request', block);
}

/** Whether the page may be left: it holds nothing that was typed and not sent (unsaved.js). */
export function mayLeave() {
  return document.dispatchEvent(new Event('examdesk:leaving', { cancelable: true }));
}
