// In the console: redirects to sign in when the session has ended, and back to the same list. Keeps the tab in step with
// the others about acting; nobody acts in the console itself.
document.documentElement.dataset.acting = '';
addEventListener('DOMContentLoaded', () => {
  for (const name of ['unsaved', 'acting', 'session', 'act-as-key']) void import(`/js/${name}.js`);
});

const open = XMLHttpRequest.prototype.open;
XMLHttpRequest.prototype.open = function (...request) {
  this.addEventListener('load', () => {
    if (this.status !== 401) return;
    location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
  });
  return open.apply(this, request);
};
