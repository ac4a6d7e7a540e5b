// Adds what AdminJS lacks for screen readers: landmarks, and names of buttons.
const rules = [
  ['[data-css="sidebar"]', 'role', 'navigation'],
  ['[data-css="app"] > section:nth-of-type(2)', 'role', 'main'],
  ['[data-css="sidebar-logo"]', 'aria-label', 'Examdesk: first page of the console'],
];

function complete() {
  for (const [selector, name, value] of rules) {
    for (const element of document.querySelectorAll(selector)) {
      if (element.getAttribute(name) !== value) element.setAttribute(name, value);
    }
  }
  for (const button of document.querySelectorAll('button:not([aria-label])')) {
    if (button.textContent.trim() === '' && !button.title) button.setAttribute('aria-label', 'Close');
  }
}

new MutationObserver(complete).observe(document.documentElement, { childList: true, subtree: true });
document.addEventListener('DOMContentLoaded', complete);
