// Arrows go from the search box through what was found, and back.
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
