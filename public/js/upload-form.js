// One file as a form would send it, with its progress.

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

/** What fetch cannot tell: how much has gone. Rejects only when it was cancelled. */
export function sendWithProgress({ method, url, body, headers, signal }, progress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const cancel = () => request.abort();
    request.upload.addEventListener('progress', ({ loaded, total, lengthComputable }) => {
      if (lengthComputable) progress(loaded, total);
    });
    request.addEventListener('abort', () => reject(signal.reason));
    request.addEventListener('loadend', () => {
      signal.removeEventListener('abort', cancel);
      resolve({ status: request.status, body: request.response });
    });
    signal.throwIfAborted();
    signal.addEventListener('abort', cancel, { once: true });
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.responseType = headers.Accept === 'application/json' ? 'json' : 'text';
    request.send(body);
  });
}
