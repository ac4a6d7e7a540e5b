// Shows the page's notice about its session under the header, once, with what the person can do.

/** @param place the element that the notice follows; without one it is the first of the page */
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

/** Formats a time as the server does. */
export function timeOf(at) {
  const clock = new Intl.DateTimeFormat('en-AU', { hour: 'numeric', minute: '2-digit', hour12: true });
  return clock.format(at).replaceAll(/\s/gu, '\u00a0');
}

/**
 * While `isOver()`, no form of this page is sent, and the notice says what to do instead. The person may have signed in
 * elsewhere a moment ago: `askServer` finds out, and then the form is sent.
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
    // The person may have signed in after the server answered, and pressed the button while the answer was on its way.
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
