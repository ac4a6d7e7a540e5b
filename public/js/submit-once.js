// Ignores a second submit of a form. The server books once in any case (the form contains an idempotency key); this only
// avoids confusion.
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
});

// After going back, perhaps from the back/forward cache, the form may be sent again.
window.addEventListener('pageshow', () => {
  for (const form of document.forms) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll('button[aria-disabled]'))
      button.removeAttribute('aria-disabled');
  }
});
