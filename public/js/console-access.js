// What AdminJS leaves out for those who do not see its pages: landmarks, headings in order, names of fields.
const rules = [
  ['[data-css="sidebar"]', 'role', 'navigation'],
  ['[data-css="app"] > section:nth-of-type(2)', 'role', 'main'],
  ['.adminjs_ActionHeader h2', 'aria-level', '1'],
  ['.adminjs_ActionHeader h2', 'role', 'heading'],
  ['.adminjs_H3', 'role', 'heading'],
  ['.adminjs_H3', 'aria-level', '2'],
  ['[data-css="sidebar-logo"]', 'aria-label', 'Examdesk, to the first page of the console'],
];

function complete() {
  for (const [selector, name, value] of rules) {
    for (const element of document.querySelectorAll(selector)) {
      if (element.getAttribute(name) !== value) element.setAttribute(name, value);
    }
  }
  // A field of the filter stands beside its label, not within.
  for (const field of document.querySelectorAll('[data-css*="-filter-"]')) {
    const label = field.querySelector('label')?.textContent;
    for (const input of label ? field.querySelectorAll('input, select') : []) {
      if (!input.labels?.length && input.getAttribute('aria-label') !== label)
        input.setAttribute('aria-label', label);
    }
  }
  for (const button of document.querySelectorAll('button:not([aria-label])')) {
    if (button.textContent.trim() === '' && !button.title) button.setAttribute('aria-label', 'Close');
  }
}

new MutationObserver(complete).observe(document.documentElement, { childList: true, subtree: true });
document.addEventListener('DOMContentLoaded', complete);
