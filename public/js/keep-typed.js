// Keeps what is typed in a form in its draft on the server, so that it is there when the page was left before Continue.
const form = document.querySelector('form[data-keeps-for]');
const pauseMs = 1_500;
let timer = null;
let sending = Promise.resolve();

function wait() {
  timer ??= setTimeout(keepInTurn, pauseMs);
}

/** Requests are sent one after the other, so that an older state never arrives last. */
function keepInTurn() {
  sending = sending.then(keep);
}

function keep() {
  if (timer === null) return undefined;
  stop();
  const body = new URLSearchParams(new FormData(form));
  body.set('keptFor', form.dataset.keepsFor);
  // A failure is no loss yet: the next letter sends everything again, and so does Continue.
  return fetch(form.action, { method: 'POST', body, keepalive: true, redirect: 'manual' }).catch(
    () => undefined,
  );
}

function stop() {
  clearTimeout(timer);
  timer = null;
}

form.addEventListener('input', wait);
form.addEventListener('submit', stop);
// The next page may show what was typed, but this page is hidden only when the answer of the next one has arrived. So the
// text is sent when the focus leaves the form (as when a link is pressed), or before the next page is requested.
form.addEventListener('focusout', ({ relatedTarget }) => {
  if (!form.contains(relatedTarget)) keepInTurn();
});
window.addEventListener('beforeunload', () => void keep());
// A page that is left sends at once: its timers and promises may never run.
window.addEventListener('pagehide', () => void keep());
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'hidden') void keep();
});
