// A second click on a form that is on its way does nothing. The server books once in any case (the form carries
// its key); this spares the reader the doubt.
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

// Back from the next page, perhaps out of the browser's memory: the form may be sent again.
window.addEventListener('pageshow', () => {
  for (const form of document.forms) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll('button[aria-disabled]'))
      button.removeAttribute('aria-disabled');
  }
});
