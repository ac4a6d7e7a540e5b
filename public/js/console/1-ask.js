// The console's own components, as AdminJS wants them: the files of this folder, one after the other. Plain JavaScript:
// what is here is what the browser runs.
(() => {
  /** @returns {Promise<{ok: boolean, answer: any}>} */
  async function ask(address, body) {
    const response = await fetch(address, {
      method: body ? 'POST' : 'GET',
      headers: { Accept: 'application/json', ...(body && { 'Content-Type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (response.status === 401) {
      location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
    }
    const answer = await response.json();
    return { ok: response.ok, answer };
  }

  AdminJS.UserComponents = {};
  globalThis.examdesk = { ask, words: (code) => String(code).replaceAll('_', ' ') };
})();
