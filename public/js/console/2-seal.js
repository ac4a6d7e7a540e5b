// Search words may be an examinee's name, so URLs never hold them: the server seals them for the reader (POST
// /admin/seal). The page remembers what it sealed or unsealed, in memory only.
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
 * Unseals tokens. Unknown ones are requested from the server; after a failed request they are requested again when
 * `retryKey` changes.
 */
function useUnsealed(tokens, retryKey) {
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
  }, [missing.join(' '), retryKey]);
  return {
    isKnown: (token) => opened.has(token),
    words: (token) => opened.get(token) ?? '',
    isReady: missing.length === 0,
  };
}

Object.assign(examdesk, { seal, useUnsealed });
