// In the console: keeps the tab in step with the others about acting and the session; nobody acts in the console itself.
document.documentElement.dataset.acting = '';
addEventListener('DOMContentLoaded', () => {
  for (const name of ['acting', 'session']) void import(`/js/${name}.js`);
});
