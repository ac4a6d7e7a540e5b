// Words that may name somebody examined never stand in an address: the server seals them for whoever looks (POST
// /admin/seal). What is sealed or opened here is remembered as long as the page lives, and nowhere else.
(() => {
  const { useEffect, useState } = React;
  const { ask } = examdesk;
  const opened = new Map();

  /** @returns {Promise<{ok: true, sealed: Record<string, string>} | {ok: false, detail: string}>} */
  async function seal(words) {
    if (Object.keys(words).length === 0) return { ok: true, sealed: {} };
    const { ok, answer } = await ask('/admin/seal', { words });
    if (!ok) return { ok: false, detail: answer.errors?.[0]?.message ?? answer.detail };
    for (const [name, token] of Object.entries(answer.sealed)) opened.set(token, words[name]);
    return { ok: true, sealed: answer.sealed };
  }

  /**
   * The words behind those tokens, by token; those that are not known yet come a moment later. Those that the server
   * could not be asked for stay unknown, and are asked for again at another `moment`.
   */
  function useOpened(tokens, moment) {
    const [, setCount] = useState(0);
    const missing = tokens.filter((token) => !opened.has(token));
    useEffect(() => {
      if (missing.length === 0) return;
      void (async () => {
        const { ok, answer } = await ask('/admin/seal', { sealed: Object.fromEntries(missing.entries()) });
        if (!ok) return;
        for (const [index, token] of missing.entries()) opened.set(token, answer.words[index] ?? '');
        setCount((count) => count + 1);
      })();
    }, [missing.join(' '), moment]);
    return {
      isKnown: (token) => opened.has(token),
      words: (token) => opened.get(token) ?? '',
      isReady: missing.length === 0,
    };
  }

  Object.assign(examdesk, { seal, useOpened });
})();
