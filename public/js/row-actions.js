// Menus and panels are details elements, which need no script. This closes an open one on Escape and on a click elsewhere.
const opened = () => document.querySelector(':is(.row-actions, .console-panel)[open]');

document.addEventListener('keydown', ({ key }) => {
  const actions = key === 'Escape' && opened();
  if (!actions) return;
  if (actions.contains(document.activeElement)) actions.querySelector('summary').focus();
  actions.open = false;
});
document.addEventListener('click', ({ target }) => {
  const actions = opened();
  if (actions && !actions.contains(target)) actions.open = false;
});
