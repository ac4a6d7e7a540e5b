// Keeps what is typed in a form in its draft on the server, so that it is there when the page was left before Continue.
const form = document.querySelector('form[data-keeps-for]');
const pauseMs = 1_500;
let timer = null;
let sending = Promise.resolve();

function wait() {
  timer ??= setTimeout(keepInTurn, pauseMs);
}

/** One after the other: an older state must not arrive last. */
function keepInTurn() {
  sending = sending.then(keep);
}

function keep() {
  if (timer === null) return undefined;
  stop();
  const body = new URLSearchParams(new FormData(form));
  body.set('keptFor', form.dataset.keepsFor);
  // Not kept is no loss yet: the next letter sends all of it again, and Continue does.
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
// The next page may show what was typed, and a page is hidden only once the answer of the next one is there: what is typed
// goes out when the focus leaves the form, as for a link that is pressed, or before the next page is asked for.
form.addEventListener('focusout', ({ relatedTarget }) => {
  if (!form.contains(relatedTarget)) keepInTurn();
});
window.addEventListener('beforeunload', () => void keep());
// A page that is left sends at once: its timers and promises may never run.
window.addEventListener('pagehide', () => void keep());
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'hidden') void keep();
});
