// Uploads one file as the form does, with its progress.

/**
 * @param {{ action: string, category: string, signal: AbortSignal, progress(sent: number): void }} to
 * `sent`: from 0 to 1.
 * @returns {Promise<{ status: number, body: object | null }>} status 0: the connection broke
 */
export function sendByForm(file, { action, category, signal, progress }) {
  const body = new FormData();
  body.append('category', category);
  body.append('files', file, file.name);
  return sendWithProgress(
    { method: 'POST', url: action, body, signal, headers: { Accept: 'application/json' } },
    (loaded, total) => progress(loaded / total),
  );
}

/**
 * Uses XMLHttpRequest, because fetch cannot report upload progress. Rejects only when it was cancelled.
 * @param {{ timeouts?: { firstMs: number, laterMs: number } }} request `timeouts`: gives up when the first byte is not
 * sent within `firstMs`, or nothing happens for `laterMs` after that. Unset: waits as long as the browser does.
 * @returns {Promise<{ status: number, body: unknown, isSilent: boolean }>} status 0: no answer; `isSilent`: gave up
 */
export function sendWithProgress({ method, url, body, headers, signal, timeouts }, progress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const cancel = () => request.abort();
    let isSilent = false;
    let timer;
    const giveUpIn = (ms) => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        isSilent = true;
        request.abort();
      }, ms);
    };
    request.upload.addEventListener('progress', ({ loaded, total, lengthComputable }) => {
      if (timeouts && loaded > 0) giveUpIn(timeouts.laterMs);
      if (lengthComputable) progress(loaded, total);
    });
    request.addEventListener('loadend', () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
      if (signal.aborted) reject(signal.reason);
      else resolve({ status: request.status, body: request.response, isSilent });
    });
    signal.throwIfAborted();
    signal.addEventListener('abort', cancel, { once: true });
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.responseType = headers.Accept === 'application/json' ? 'json' : 'text';
    request.send(body);
    if (timeouts) giveUpIn(timeouts.firstMs);
  });
}
