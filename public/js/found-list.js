// Makes a search field and the links below it a combobox (WAI-ARIA): the focus stays in the field, the arrow keys choose
// a link, Enter follows it. Without this script they are a form and a list of links.
const partsOf = (box) => {
  const list = document.querySelector(`#${box.dataset.finds} [data-options]`);
  return { list, options: list ? [...list.querySelectorAll('a.found-one')] : [] };
};
const chosenIn = (box) => document.getElementById(box.getAttribute('aria-activedescendant') ?? '');

function choose(box, options, place) {
  const option = options[place];
  for (const one of options) one.setAttribute('aria-selected', String(one === option));
  if (option) {
    box.setAttribute('aria-activedescendant', option.id);
    option.scrollIntoView({ block: 'nearest' });
  } else {
    box.removeAttribute('aria-activedescendant');
  }
}

/** When a new list replaces the old one, a link that is in both stays chosen, at whatever place. */
function prepare(box) {
  const { list, options } = partsOf(box);
  box.setAttribute('role', 'combobox');
  box.setAttribute('aria-autocomplete', 'list');
  box.setAttribute('aria-expanded', String(options.length > 0));
  box.removeAttribute('aria-controls');
  if (list) {
    list.id ||= `${box.dataset.finds}-options`;
    list.setAttribute('role', 'listbox');
    list.setAttribute('aria-label', 'Found');
    box.setAttribute('aria-controls', list.id);
    for (const heading of list.querySelectorAll('h2')) heading.setAttribute('role', 'presentation');
    for (const part of list.querySelectorAll('ul')) part.setAttribute('role', 'group');
    for (const item of list.querySelectorAll('li')) item.setAttribute('role', 'presentation');
    for (const [at, option] of options.entries()) {
      option.id = `${box.dataset.finds}-${at}`;
      option.setAttribute('role', 'option');
      option.tabIndex = -1;
    }
  }
  const { chosen } = box.dataset;
  choose(box, options, chosen ? options.findIndex((option) => option.getAttribute('href') === chosen) : -1);
  const count = box.closest('form').parentElement.querySelector('[data-found-count]');
  const found = options.filter((option) => !option.matches('.found-act')).length;
  if (count) count.textContent = found === 1 ? '1 result' : `${found} results`;
}

const prepareAll = () => {
  for (const box of document.querySelectorAll('[data-finds]')) prepare(box);
};

document.addEventListener('keydown', (event) => {
  const box = event.target;
  if (!(box instanceof HTMLInputElement) || !box.dataset.finds || event.isComposing) return;
  const { options } = partsOf(box);
  const here = options.indexOf(chosenIn(box));
  if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
    event.preventDefault();
    const next = Math.max(-1, Math.min(here + (event.key === 'ArrowDown' ? 1 : -1), options.length - 1));
    choose(box, options, next);
    box.dataset.chosen = options[next]?.getAttribute('href') ?? '';
  } else if (event.key === 'Enter' && here >= 0) {
    event.preventDefault();
    options[here].click();
  }
});
// Typing starts a new search, so no link is chosen until an arrow key is pressed.
document.addEventListener('input', ({ target, isTrusted }) => {
  if (isTrusted && target instanceof HTMLInputElement && target.dataset.finds) {
    target.dataset.chosen = '';
    choose(target, partsOf(target).options, -1);
  }
});
for (const name of ['htmx:after:swap', 'examdesk:found']) document.addEventListener(name, prepareAll);
prepareAll();
