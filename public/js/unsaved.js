// What was typed or chosen here and not sent yet. Whatever would leave the page by itself asks first, by an event that
// is answered here.
const touched = new Set();

document.addEventListener('input', ({ target }) => touched.add(target), true);
document.addEventListener('reset', ({ target: form }) => {
  for (const field of touched) if (field.form === form) touched.delete(field);
});
document.addEventListener('examdesk:leaving', (event) => {
  if (isUnsaved()) event.preventDefault();
});

/** A form that came back with errors holds what was typed before; files may be on their way. */
const cameBack =
  '.error-summary, main:has(form[method="post"]) .panel[autofocus], form .console-problem, .upload';

function isUnsaved() {
  if (document.querySelector(cameBack)) return true;
  if ([...document.querySelectorAll('input[type="file"]')].some(({ files }) => files.length > 0)) return true;
  return [...touched].some(({ isConnected, form }) => isConnected && form && isSentOnce(form));
}

/** A search is soon typed again. */
function isSentOnce(form) {
  return form.method === 'post' || form.classList.contains('console-card');
}
