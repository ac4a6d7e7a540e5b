// In the console: whose session has ended goes to sign in, and comes back to the same list; and its tab agrees with the
// others on who acts as whom. Nobody does in here.
document.documentElement.dataset.acting = '';
addEventListener('DOMContentLoaded', () => {
  for (const name of ['unsaved', 'acting', 'act-as-key']) void import(`/js/${name}.js`);
});

const open = XMLHttpRequest.prototype.open;
XMLHttpRequest.prototype.open = function (...request) {
  this.addEventListener('load', () => {
    if (this.status !== 401) return;
    location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
  });
  return open.apply(this, request);
};
