// The console's own components, as AdminJS wants them: the files of this folder, one after the other. Plain JavaScript:
// what is here is what the browser runs.
(() => {
  const unreachable = { detail: 'The server could not be reached. Look at your connection, and try again.' };
  const unreadable = {
    detail: 'Something went wrong on our side. Try again; if it goes on, tell whoever runs Examdesk.',
  };

  const ended = {
    detail: 'Your session has ended. Sign in again in another tab, then come back and try again.',
  };

  /**
   * Never throws: what went wrong is in the answer's `detail`, in words. `stays`: what is typed on the page is not left
   * behind to sign in.
   * @returns {Promise<{ok: boolean, answer: any}>}
   */
  async function ask(address, body, { signal, stays = Boolean(body) } = {}) {
    let response;
    try {
      response = await fetch(address, {
        method: body ? 'POST' : 'GET',
        headers: { Accept: 'application/json', ...(body && { 'Content-Type': 'application/json' }) },
        ...(body && { body: JSON.stringify(body) }),
        ...(signal && { signal }),
      });
    } catch {
      return { ok: false, answer: unreachable };
    }
    if (response.status === 401) {
      if (stays) return { ok: false, answer: ended };
      location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
    }
    const answer = await response.json().catch(() => null);
    if (answer === null) return { ok: false, answer: unreadable };
    return { ok: response.ok, answer };
  }

  /** The words of an enumeration's value, as the server gives them. */
  function wordsOf({ availableValues }, code) {
    return availableValues?.find(({ value }) => value === code)?.label ?? String(code ?? '');
  }

  AdminJS.UserComponents = {};
  globalThis.examdesk = { ask, wordsOf };
})();
