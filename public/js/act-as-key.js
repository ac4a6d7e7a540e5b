// On every page, Ctrl+K opens the search for somebody to act as. In the console there is no link to it, only this key.
const link = document.querySelector('[data-act-as]');
const isAdminsConsole = globalThis.REDUX_STATE?.session?.role === 'admin';

if (link || isAdminsConsole) {
  addEventListener(
    'keydown',
    (event) => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey) || event.altKey) return;
      event.preventDefault();
      if (link) link.click();
      else location.assign('/admin/act-as');
    },
    true,
  );
}
