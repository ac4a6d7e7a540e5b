// In the console: keeps the tab in step with the others about acting and the session; nobody acts in the console itself.
document.documentElement.dataset.acting = '';
addEventListener('DOMContentLoaded', () => {
  for (const name of ['unsaved', 'acting', 'session', 'act-as-key', 'found-list', 'search'])
    void import(`/js/${name}.js`);
});
