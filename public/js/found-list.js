// Arrow keys move the focus between the search field and the links it found.
const box = document.querySelector('[data-finds]');

document.addEventListener('keydown', (event) => {
  if (!box || (event.key !== 'ArrowDown' && event.key !== 'ArrowUp')) return;
  const links = [...document.querySelectorAll(`#${box.dataset.finds} a.found-person`)];
  const here = links.indexOf(document.activeElement);
  if (here < 0 && document.activeElement !== box) return;
  event.preventDefault();
  const next = here + (event.key === 'ArrowDown' ? 1 : -1);
  (links[Math.min(next, links.length - 1)] ?? box).focus();
});

// A new list replaces the focused link: the focus moves to the same position in the new list.
const list = box && document.getElementById(box.dataset.finds);
let place = -1;
document.addEventListener('focusin', ({ target }) => {
  place = list ? [...list.querySelectorAll('a.found-person')].indexOf(target) : -1;
});
if (list) {
  new MutationObserver(() => {
    if (place < 0 || document.activeElement !== document.body) return;
    const links = list.querySelectorAll('a.found-person');
    (links[Math.min(place, links.length - 1)] ?? box).focus();
  }).observe(list, { childList: true });
}
