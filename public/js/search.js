// Opens the search over the page: by the link in the header, by Ctrl+K, or by / outside text fields. The console's bar has
// the field of the search, and the keys lead there. For admins Ctrl+K opens the search of act-as-key.js instead. The key /
// can be switched off, for people who use speech input (WCAG 2.1.4).
const link = document.querySelector('[data-search]');
const fieldInBar = () => document.querySelector('[data-search-field]');
const keyOff = 'examdesk.search-key-off';
let dialog = null;
let isOpening = false;

const nameKeyButton = (button) => {
  button.textContent = localStorage.getItem(keyOff) ? 'Turn on the key /' : 'Turn off the key /';
};
const nameKeyButtons = () => {
  for (const button of document.querySelectorAll('[data-search-key]')) nameKeyButton(button);
};
document.addEventListener('click', ({ target }) => {
  if (!(target instanceof Element) || !target.closest('[data-search-key]')) return;
  if (localStorage.getItem(keyOff)) localStorage.removeItem(keyOff);
  else localStorage.setItem(keyOff, 'yes');
  nameKeyButtons();
});
document.addEventListener('examdesk:found', nameKeyButtons);

function build() {
  const box = document.createElement('dialog');
  box.className = 'search-dialog';
  box.setAttribute('aria-label', 'Search');
  const found = document.createElement('div');
  const foot = document.createElement('p');
  foot.className = 'search-foot';
  const close = document.createElement('button');
  const key = document.createElement('button');
  for (const one of [close, key]) {
    one.type = 'button';
    one.className = 'button button-quiet';
  }
  close.textContent = 'Close';
  close.addEventListener('click', () => box.close());
  key.dataset.searchKey = '';
  nameKeyButton(key);
  foot.append(close, key);
  box.append(found, foot);
  box.addEventListener('click', ({ target }) => {
    if (target === box) box.close();
  });
  document.body.append(box);
  return box;
}

async function open() {
  dialog ??= build();
  if (dialog.open || isOpening) return;
  isOpening = true;
  try {
    await globalThis.htmx.ajax('GET', link.href, { target: dialog.firstElementChild, swap: 'innerHTML' });
  } finally {
    isOpening = false;
  }
  if (!dialog.querySelector('[data-finds]')) return;
  dialog.showModal();
  dialog.querySelector('[data-finds]').focus();
}

const isTyping = (target) =>
  target instanceof HTMLElement &&
  (target.isContentEditable || target.matches('input, textarea, select, [role="textbox"]'));

// The search's own page has the field already.
const opensHere = link && location.pathname !== new URL(link.href).pathname;
if (opensHere)
  link.addEventListener('click', (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    void open();
  });
addEventListener('keydown', (event) => {
  const field = fieldInBar();
  if ((!opensHere && !field) || event.defaultPrevented || event.altKey || event.isComposing) return;
  const isCtrlK = event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey) && !event.shiftKey;
  const isSlash =
    event.key === '/' &&
    !event.ctrlKey &&
    !event.metaKey &&
    !isTyping(event.target) &&
    !localStorage.getItem(keyOff);
  if (!isSlash && !(isCtrlK && !document.querySelector('[data-act-as]'))) return;
  if (document.querySelector('dialog[open]')) return;
  event.preventDefault();
  if (field) {
    field.focus();
    field.select();
  } else void open();
});
