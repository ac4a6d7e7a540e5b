// Uploads one large file directly to the store, in parts. The app signs an address for each part, and makes the document
// when all parts are there. Parts that arrived before the connection broke are not sent again.

const parallelParts = 3;
const maxTries = 4;
/**
 * Time-outs of a part: without a byte sent for `firstMs`, a firewall is dropping the packets. After the first bytes, a
 * slow line may need up to `laterMs` to send the few megabytes that the browser has buffered.
 */
const timeouts = { firstMs: 5_000, laterMs: 120_000 };

/** The store accepts nothing from this browser: it is silent, unreachable, or refuses. */
export class StoreUnreachable extends Error {}

/**
 * Whether direct uploads can work here. Hashing needs a page from https or localhost. A store on localhost serves only
 * browsers on the same machine: for any other, localhost is the person's own machine, which must not get the file.
 */
export function canSendDirectly(storeOrigin, page = location, { subtle } = globalThis.crypto ?? {}) {
  return Boolean(subtle) && (!isLoopback(new URL(storeOrigin).hostname) || isLoopback(page.hostname));
}

function isLoopback(hostname) {
  return /^(.+\.)?localhost$|^127\.[\d.]+$|^\[::1\]$/.test(hostname);
}

/**
 * Like sendByForm, for large files. `mayRetry` in the answer: a repeated upload may succeed.
 * @param {(request: object, progress: (loaded: number) => void) => Promise<{ status: number }>} sendWithProgress
 * @throws StoreUnreachable, or the signal's reason
 */
export async function sendDirectly(file, { action, category, signal, progress, sendWithProgress }) {
  const described = { category, fileName: file.name, sizeBytes: file.size };
  const started = await ask('POST', `${action}/uploads`, described, signal);
  // Direct uploads were switched off after the page was loaded; or the booking is gone, which the form upload reports.
  if (started.status === 404) throw new StoreUnreachable();
  if (!started.body?.upload) return started;
  const { id, partCount, partBytes } = started.body.upload;
  const upload = `${action}/uploads/${id}`;
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const parts = partsOf(file, partBytes, { upload, signal: either, progress, sendWithProgress });
  let next = 1;
  let failed = null;
  const isLeft = () => next <= partCount && !failed;
  const sendWhile = async (hasNext) => {
    while (hasNext()) {
      const partNumber = next;
      next += 1;
      failed = (await parts.send(partNumber)) ?? failed;
    }
  };
  try {
    // Sends parts one at a time until the store has accepted one. If it accepts none, the file is sent through the app.
    await sendWhile(() => isLeft() && !parts.isReached());
    await Promise.all(Array.from({ length: parallelParts }, () => sendWhile(isLeft)));
    if (failed) return markRepeatable(failed);
    progress(1);
    return markRepeatable(await complete(upload, parts.claims, either));
  } catch (error) {
    stop.abort();
    if (signal.aborted) void ask('DELETE', upload);
    else if (error instanceof StoreUnreachable) void ask('DELETE', `${upload}?because=unreachable`);
    throw error;
  }
}

function partsOf(file, partBytes, { upload, signal, progress, sendWithProgress }) {
  /** Bytes sent of each part. */
  const sent = new Map();
  /** Number and hash of each part, for the request that completes the upload. */
  const claims = [];
  /** Whether the store has accepted a part from this browser. */
  let isReached = false;
  const report = (partNumber, loaded) => {
    sent.set(partNumber, loaded);
    progress([...sent.values()].reduce((sum, one) => sum + one, 0) / file.size);
  };
  const put = ({ partNumber, url, headers }, body) =>
    sendWithProgress({ method: 'PUT', url, headers, body, signal, timeouts }, (loaded) =>
      report(partNumber, loaded),
    );

  return {
    claims,
    isReached: () => isReached,
    /** Null when the part arrived; otherwise the last answer. */
    async send(partNumber) {
      const part = file.slice(partBytes * (partNumber - 1), partBytes * partNumber);
      const claim = { partNumber, sha256: await sha256Of(part) };
      claims.push(claim);
      for (let attempt = 1; ; attempt += 1) {
        const offered = await ask('POST', `${upload}/parts`, { parts: [claim] }, signal);
        const offer = offered.body?.parts?.[0];
        const isSent = Boolean(offer) && !offer.stored;
        const answer = isSent ? await put(offer, part) : offered;
        isReached ||= isSent && answer.status === 200;
        if (answer.status === 200) break;
        // Repeating helps when the store was busy or the address had expired, but not when the app refuses.
        const isFinal = !offer && answer.status >= 400 && answer.status < 500;
        // A busy store (5xx) gets all tries.
        const triesUntilUnreachable = answer.isSilent ? 1 : answer.status < 500 ? 2 : maxTries;
        if (isSent && !isReached && attempt >= triesUntilUnreachable) throw new StoreUnreachable();
        if (offer && attempt === maxTries) return storeRefused(answer);
        if (isFinal || attempt === maxTries) return answer;
        report(partNumber, 0);
        await pause(500 * 2 ** attempt, signal);
      }
      report(partNumber, part.size);
      return null;
    },
  };
}

function storeRefused({ status }) {
  return { status, mayRetry: true, body: { detail: 'The file store refused a part of the file.' } };
}

/** Marks refusals that a repeated upload may overcome: a part is missing or altered, or the upload has expired. */
function markRepeatable(answer) {
  const { status, body } = answer;
  // The upload took too long, or another tab ended it. The next try starts a new one.
  if (status === 404) {
    const detail = 'The upload ended before the whole file had arrived.';
    return { ...answer, mayRetry: true, body: { detail } };
  }
  const isMissing = status === 422 && body?.errors?.some(({ path }) => path.startsWith('parts.'));
  return isMissing || body?.because === 'altered' ? { ...answer, mayRetry: true } : answer;
}

/** Repeats the request when its answer is lost, because the server then answers the same. */
async function complete(upload, parts, signal) {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await ask('POST', `${upload}/complete`, { parts }, signal);
    if ((answer.status !== 0 && answer.status !== 503) || attempt === maxTries) return answer;
    await pause(500 * 2 ** attempt, signal);
  }
}

async function ask(method, url, body, signal) {
  try {
    const answer = await fetch(url, {
      method,
      signal,
      headers: { Accept: 'application/json', 'Content-Type': 'application/json' },
      body: body && JSON.stringify(body),
    });
    return { status: answer.status, body: await answer.json().catch(() => null) };
  } catch (error) {
    if (signal?.aborted) throw error;
    return { status: 0, body: null };
  }
}

async function sha256Of(blob) {
  const digest = await crypto.subtle.digest('SHA-256', await blob.arrayBuffer());
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
