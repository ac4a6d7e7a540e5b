// While an admin acts: says when it is about to end, and keeps several tabs in agreement. Nothing of anybody examined.
const banner = document.querySelector('[data-acting-until]');
const key = 'examdesk-acting-until';
const warnMs = 5 * 60_000;

if (banner) {
  const warning = banner.querySelector('[data-acting-warning]');
  // Each page that is opened, in whatever tab, moves the end on for all of them.
  localStorage.setItem(key, banner.dataset.actingUntil);
  const show = () => {
    const left = Date.parse(localStorage.getItem(key) ?? '') - Date.now();
    if (Number.isNaN(left) || left <= 0) location.reload();
    else warning.hidden = left > warnMs;
  };
  setInterval(show, 15_000);
  addEventListener('storage', (event) => {
    if (event.key === key) show();
  });
} else if (localStorage.getItem(key)) {
  // It has ended: tabs that still show it find out now.
  localStorage.removeItem(key);
}

// From everywhere: to the search for somebody to act as.
const shortcut = document.querySelector('[data-act-as]');
if (shortcut) {
  addEventListener('keydown', (event) => {
    if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey) || event.altKey) return;
    event.preventDefault();
    shortcut.click();
  });
}
