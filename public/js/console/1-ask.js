// The console's own AdminJS components: the server joins the files of this folder, in the order of their names and each in
// a block of its own, into AdminJS's component bundle. The browser runs them as they are; `examdesk` is what they share.

/**
 * React.createElement, with classes in the name of an element (`p.console-hint`). Attributes may be left out.
 * @param {unknown[]} parts attributes, then children
 */
function h(type, ...parts) {
  const [first] = parts;
  const hasAttributes = first?.constructor === Object && !React.isValidElement(first);
  const attributes = hasAttributes ? parts.shift() : {};
  if (typeof type !== 'string') return React.createElement(type, attributes, ...parts);
  const [name, ...classes] = type.split('.');
  const className = [...classes, attributes.className].join(' ').trim() || undefined;
  return React.createElement(name, { ...attributes, className }, ...parts);
}

const unreachable = { detail: 'We can’t reach the server. Check your connection and try again.' };
const unreadable = {
  detail:
    'Something went wrong on our side. Try again. If it keeps happening, contact the people who run Examdesk.',
};

const ended = { detail: 'Your session has ended. Sign in again in another tab, then try again here.' };
const endedAndKept = {
  detail: 'Your session has ended, and nothing was saved. What you typed is kept for an hour.',
  isSignedOut: true,
};

const signInAddress = () => `/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`;

/**
 * After a click the console changes the address without loading a page. When it cannot show that address, the server
 * answers with the page, or says why it refuses. Not twice, whatever the server says.
 */
function reloadOnce() {
  const [loaded] = performance.getEntriesByType('navigation');
  if (loaded?.name !== location.href) location.reload();
}

/** What this page shows a form for. AdminJS's form always saves by `edit` or `new`, whatever its action. */
const actionAddress = () => location.pathname.replace('/admin/', '/admin/api/');

// AdminJS's own requests. Of a save it takes every status but 200 for a failure, and shows nothing of what it says: a
// refusal becomes errors of the record, where `form` is the form as a whole (form.js).
const { open: openAsUsual, send: sendAsUsual } = XMLHttpRequest.prototype;
XMLHttpRequest.prototype.open = function (method, address, ...more) {
  if (method.toUpperCase() !== 'POST') {
    this.addEventListener('load', afterRead);
    return openAsUsual.call(this, method, address, ...more);
  }
  for (const event of ['load', 'error']) this.addEventListener(event, (fired) => afterSave(this, fired));
  return openAsUsual.call(this, method, actionAddress(), ...more);
};
function afterRead() {
  if (this.status === 401) location.assign(signInAddress());
  else if ([403, 404, 409].includes(this.status)) reloadOnce();
}
function afterSave(request, event) {
  event.stopImmediatePropagation();
  if (request.status === 200) return;
  const answer = parsed(request.responseText);
  const record = answer?.record ?? refusedRecord(problemOf(request.status, answer));
  Object.defineProperty(request, 'status', { value: 200 });
  Object.defineProperty(request, 'responseText', { value: JSON.stringify({ record }) });
}
function problemOf(status, answer) {
  if (status === 0) return unreachable;
  if (status === 401) return answer?.isKept ? endedAndKept : ended;
  return answer ?? unreadable;
}
function refusedRecord({ detail, isSignedOut }) {
  const id = decodeURIComponent(/\/records\/([^/]+)\//.exec(location.pathname)?.[1] ?? '');
  return {
    id,
    params: {},
    populated: {},
    recordActions: [],
    errors: { form: { message: detail, isSignedOut } },
  };
}
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

// The server takes no files from it, and knows the form: with every choice in it, it may be larger than a body may be.
XMLHttpRequest.prototype.send = function (body) {
  if (!(body instanceof FormData)) return sendAsUsual.call(this, body);
  body.delete('form');
  this.setRequestHeader('Content-Type', 'application/json');
  return sendAsUsual.call(this, JSON.stringify(Object.fromEntries(body)));
};

/**
 * Never throws: a failure is described in the answer's `detail`. `stays`: does not go to the sign-in page when the
 * session has ended, so that what was typed is kept.
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
  const answer = await response.json().catch(() => null);
  if (response.status === 401) {
    if (stays) return { ok: false, answer: answer?.isKept ? endedAndKept : ended };
    location.assign(signInAddress());
  }
  if (answer === null) return { ok: false, answer: unreadable };
  return { ok: response.ok, answer };
}

/**
 * What the server answers to a GET; null while nothing is there yet, or without an address. Asks anew when `key` changes;
 * `again()` asks once more.
 * @returns {[{ok: boolean, answer: any} | null, () => void]}
 */
function useAnswer(address, key) {
  const [found, setFound] = React.useState(null);
  const [count, setCount] = React.useState(0);
  React.useEffect(() => {
    setFound(null);
    if (!address) return undefined;
    const stop = new AbortController();
    void (async () => {
      const answer = await ask(address, null, { signal: stop.signal });
      if (!stop.signal.aborted) setFound(answer);
    })();
    return () => stop.abort();
  }, [address, key, count]);
  return [found, () => setCount(count + 1)];
}

/** A part of a page, with its heading and what stands beside that. */
function card(id, title, aside, ...content) {
  return h(
    'section.console-card',
    { 'aria-labelledby': id },
    h('div.console-card-head', h('h2', { id }, title), aside),
    ...content,
  );
}

/** The words of an enumeration's value, as the server gives them. */
function wordsOf({ availableValues }, code) {
  return availableValues?.find(({ value }) => value === code)?.label ?? String(code ?? '');
}

/** The page of an action: `{id}` is the record's, another name its column's. */
function hrefOf({ custom }, record) {
  return custom.href.replace(/{(\w+)}/g, (_, name) =>
    encodeURIComponent((name === 'id' ? record?.id : record?.params[name]) ?? ''),
  );
}

AdminJS.UserComponents = {};
globalThis.examdesk = {
  actionAddress,
  ask,
  card,
  h,
  hrefOf,
  reloadOnce,
  signInAddress,
  useAnswer,
  wordsOf,
};
