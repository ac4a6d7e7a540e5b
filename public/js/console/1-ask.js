// The console's own AdminJS components: the server joins the files of this folder, in the order of their names and each in
// a block of its own, into AdminJS's component bundle. The browser runs them as they are; `examdesk` is what they share.

/** React elements, written as HTML: https://github.com/developit/htm */
const html = htm.bind(React.createElement);

const failures = {
  unreachable: 'We can’t reach the server. Check your connection and try again.',
  unreadable:
    'Something went wrong on our side. Try again. If it keeps happening, contact the people who run Examdesk.',
  ended: 'Your session has ended. Sign in again in another tab, then try again here.',
  kept: 'Your session has ended, and nothing was saved. What you typed is kept for an hour.',
};
const failed = (detail) => ({ ok: false, answer: { detail, isSignedOut: detail === failures.kept } });

const signInAddress = () => `/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`;

/**
 * After a click the console changes the address without loading a page. When it cannot show that address, this loads it from
 * the server, which answers with the page or with why it refuses. It does so only once for an address.
 */
function reloadOnce() {
  const [loaded] = performance.getEntriesByType('navigation');
  if (loaded?.name !== location.href) location.reload();
}

/** The API address of the action whose form this page shows. AdminJS's form would always save by `edit` or `new`. */
const actionAddress = () => location.pathname.replace('/admin/', '/admin/api/');

/** For each list, the columns that this person sees, from its last answer. */
const columnsOf = new Map();

// Adapts AdminJS's own requests.
for (const name of ['recordAction', 'resourceAction']) {
  const usual = AdminJS.ApiClient.prototype[name];
  AdminJS.ApiClient.prototype[name] = async function (options) {
    if (options.data) return save(options.data);
    try {
      const response = await usual.call(this, options);
      const { href } = response.data;
      if (href) return await leaveFor(href);
      if (response.data.columns) columnsOf.set(options.resourceId, response.data.columns);
      return response;
    } catch (error) {
      const status = error.response?.status;
      if (status === 401) location.assign(signInAddress());
      else if ([403, 404, 409].includes(status)) reloadOnce();
      throw error;
    }
  };
}

/** Opens a page of the portal, or a download, that was chosen in the menu of a row. It opens from the list, for Back. */
function leaveFor(href) {
  addEventListener('popstate', () => location.assign(href), { once: true });
  history.back();
  return new Promise(() => {});
}

let saves = 0;
/** True while a form is being sent: leaving its page loses nothing then. */
const isSaving = () => saves > 0;

/**
 * AdminJS shows nothing when an action is refused, so the refusal becomes errors of the record; `form` stands for the form
 * as a whole (form.js). A person who has left the page meanwhile stays where they are, and is told.
 */
async function save(typed) {
  const from = location.href;
  saves += 1;
  const { answer } = await ask(actionAddress(), changedIn(typed));
  saves -= 1;
  const { detail: message, isSignedOut } = answer;
  const data = answer.record ? answer : { record: { errors: { form: { message, isSignedOut } } } };
  if (location.href === from) return { data };
  const problem = data.record.errors?.form;
  const notice = problem ? { type: 'error', message: `Not saved. ${problem.message}` } : data.notice;
  return { data: { ...data, notice, redirectUrl: undefined } };
}
/** The values to send, without the form: with all its options it may exceed the limit of bodies, and the server knows it. */
function changedIn(typed) {
  const { form, ...values } = Object.fromEntries(typed);
  const { isPartial, fields = [] } = JSON.parse(form ?? '{}');
  const isAsShown = ({ name, value }) => values[name] === String(value);
  if (isPartial) for (const field of fields.filter(isAsShown)) delete values[field.name];
  return values;
}

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
    return failed(failures.unreachable);
  }
  const answer = await response.json().catch(() => null);
  if (response.status === 401) {
    if (stays) return failed(answer?.isKept ? failures.kept : failures.ended);
    location.assign(signInAddress());
  }
  return answer === null ? failed(failures.unreadable) : { ok: response.ok, answer };
}

/**
 * The answer to a GET; null until it is there, or without an address. Sends the request again when `key` changes, and when
 * `again()` is called.
 * @returns {[{ok: boolean, answer: any} | null, () => void]}
 */
function useAnswer(address, key) {
  const [found, setFound] = React.useState(null);
  const [count, setCount] = React.useState(0);
  React.useEffect(() => {
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

/** The server's answer for a list. */
const listOf = ({ resourceActions }) => resourceActions.find(({ name }) => name === 'list').custom;

/** The address of an action in AdminJS: of a record, or without one of a list. */
function pageAddress(resource, record, action) {
  const of = record ? `records/${encodeURIComponent(record.id)}` : 'actions';
  return `/admin/resources/${resource.id}/${of}/${action}`;
}

AdminJS.UserComponents = {};
globalThis.examdesk = {
  actionAddress,
  ask,
  columnsOf,
  html,
  isSaving,
  listOf,
  pageAddress,
  reloadOnce,
  signInAddress,
  useAnswer,
};
