// Tracks input that has not been sent. Scripts that leave the page dispatch examdesk:leaving first; this cancels it while
// there is unsaved input.
const touched = new Set();

document.addEventListener('input', ({ target }) => touched.add(target), true);
document.addEventListener('reset', ({ target: form }) => {
  for (const field of touched) if (field.form === form) touched.delete(field);
});
document.addEventListener('examdesk:leaving', (event) => {
  if (isUnsaved()) event.preventDefault();
});

/** A form with errors contains what was typed before; uploads may be running. */
const refilledForm = '.error-summary, main:has(form[method="post"]) .panel[autofocus], .upload';

function isUnsaved() {
  if (document.querySelector(refilledForm)) return true;
  if ([...document.querySelectorAll('input[type="file"]')].some(({ files }) => files.length > 0)) return true;
  return [...touched].some(({ isConnected, form }) => isConnected && form && isWorthKeeping(form));
}

/** Search forms are left out: a search is quickly typed again. */
function isWorthKeeping(form) {
  return form.method === 'post' || form.matches(':has(.console-form)');
}
