// Ignores a second submit of a form, and says what is happening when the answer takes longer than a second. This only avoids
// confusion: the form contains an idempotency key, so the server books once in any case.
let announcing;

document.addEventListener('submit', (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.method !== 'post') return;
  if (form.dataset.sent === 'yes') {
    event.preventDefault();
    return;
  }
  form.dataset.sent = 'yes';
  for (const button of form.querySelectorAll('button[type="submit"]'))
    button.setAttribute('aria-disabled', 'true');
  const progress = form.querySelector('[data-progress]');
  if (progress) announcing = setTimeout(() => (progress.textContent = progress.dataset.progress), 1000);
});

// After going back, perhaps from the back/forward cache, the form may be sent again.
window.addEventListener('pageshow', () => {
  clearTimeout(announcing);
  for (const progress of document.querySelectorAll('form [data-progress]')) progress.textContent = '';
  for (const form of document.forms) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll('button[aria-disabled]'))
      button.removeAttribute('aria-disabled');
  }
});
