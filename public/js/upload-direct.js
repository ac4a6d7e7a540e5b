// Sends one large file to the store directly, in parts: the app signs an address for each part and makes the document
// once all parts are there. Parts that arrived before the connection broke are not sent again.

const atOnce = 3;
const tries = 4;
/**
 * A firewall that swallows packets is recognised after `firstMs`. Afterwards the network has `laterMs` to take what
 * the browser has already buffered, a few megabytes, over a slow line.
 */
const patience = { firstMs: 5_000, laterMs: 120_000 };

/** The store takes nothing from this browser: it is silent, unreachable or refuses. */
export class StoreUnreachable extends Error {}

/**
 * Whether it is worth trying: hashing needs a page from https or localhost, and a store on localhost is only there for
 * browsers of the same machine. For any other, localhost is the person's own machine, which must not get the file.
 */
export function canSendDirectly(storeOrigin, page = location, { subtle } = globalThis.crypto ?? {}) {
  return Boolean(subtle) && (!isLoopback(new URL(storeOrigin).hostname) || isLoopback(page.hostname));
}

function isLoopback(hostname) {
  return /^(.+\.)?localhost$|^127\.[\d.]+$|^\[::1\]$/.test(hostname);
}

/**
 * As sendByForm, for one that is large enough. `mayRetry`: sent once more, it may well go.
 * @param {(request: object, progress: (loaded: number) => void) => Promise<{ status: number }>} sendWithProgress
 * @throws StoreUnreachable, or the signal's reason
 */
export async function sendDirectly(file, { action, category, signal, progress, sendWithProgress }) {
  const described = { category, fileName: file.name, sizeBytes: file.size };
  const started = await ask('POST', `${action}/uploads`, described, signal);
  // Switched off since the page was loaded; if it is the booking that is gone, the form learns it too.
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
  const sendWhile = async (goOn) => {
    while (goOn()) {
      const partNumber = next;
      next += 1;
      failed = (await parts.send(partNumber)) ?? failed;
    }
  };
  try {
    // One after the other until the store has taken one: if it takes none, the file goes through the app.
    await sendWhile(() => isLeft() && !parts.isReached());
    await Promise.all(Array.from({ length: atOnce }, () => sendWhile(isLeft)));
    if (failed) return mendable(failed);
    progress(1);
    return mendable(await complete(upload, parts.claims, either));
  } catch (error) {
    stop.abort();
    if (signal.aborted) void ask('DELETE', upload);
    else if (error instanceof StoreUnreachable) void ask('DELETE', `${upload}?because=unreachable`);
    throw error;
  }
}

function partsOf(file, partBytes, { upload, signal, progress, sendWithProgress }) {
  /** Bytes of each part that have gone. */
  const sent = new Map();
  /** What complete wants to know. */
  const claims = [];
  /** Whether the store has taken a part from this browser. */
  let isReached = false;
  const tell = (partNumber, loaded) => {
    sent.set(partNumber, loaded);
    progress([...sent.values()].reduce((sum, one) => sum + one, 0) / file.size);
  };
  const put = ({ partNumber, url, headers }, body) =>
    sendWithProgress({ method: 'PUT', url, headers, body, signal, patience }, (loaded) =>
      tell(partNumber, loaded),
    );

  return {
    claims,
    isReached: () => isReached,
    /** Null when it arrived; else the last answer. */
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
        // The app says no: asking again would not help. The store may have been busy, or the address too old.
        const isFinal = !offer && answer.status >= 400 && answer.status < 500;
        // A store that is only busy (5xx) gets as many tries as any part.
        const enough = answer.isSilent ? 1 : answer.status < 500 ? 2 : tries;
        if (isSent && !isReached && attempt >= enough) throw new StoreUnreachable();
        if (offer && attempt === tries) return storeSaidNo(answer);
        if (isFinal || attempt === tries) return answer;
        tell(partNumber, 0);
        await pause(500 * 2 ** attempt, signal);
      }
      tell(partNumber, part.size);
      return null;
    },
  };
}

function storeSaidNo({ status }) {
  return { status, mayRetry: true, body: { detail: 'The file store did not take a part of it.' } };
}

/** Marks what the app says that sending again mends: a part that is missing or was altered, a time that was over. */
function mendable(answer) {
  const { status, body } = answer;
  // Of an upload that had begun: it took too long, or another tab has ended it. The next try begins anew.
  if (status === 404) {
    const detail = 'The upload was over before all of it had arrived.';
    return { ...answer, mayRetry: true, body: { detail } };
  }
  const isMissing = status === 422 && body?.errors?.some(({ path }) => path.startsWith('parts.'));
  return isMissing || body?.because === 'altered' ? { ...answer, mayRetry: true } : answer;
}

/** Asked again, it answers the same: a lost answer is no loss. */
async function complete(upload, parts, signal) {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await ask('POST', `${upload}/complete`, { parts }, signal);
    if ((answer.status !== 0 && answer.status !== 503) || attempt === tries) return answer;
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
