// All tabs of a browser share one session, so acting starts and ends in all of them. A tab writes what the server says to
// localStorage; the others read it, and ask the server when it differs from what they show. Warns before the end, and
// never discards what was typed. localStorage holds an episode's id and a time, no health information.
const key = 'examdesk-acting';
const address = '/admin/acting';
const warnMs = 5 * 60_000;
/** While the admin types, requests extend the episode this often. */
const typingMs = 5 * 60_000;
const checkMs = 15_000;

// Undefined on error pages that were rendered before the session was read.
const ownEpisode = document.documentElement.dataset.acting;
const banner = document.querySelector('[data-acting-left]');
const notice = document.createElement('div');
notice.className = 'acting-notice';
notice.setAttribute('role', 'status');

let isOver = false;
let typedAt = 0;
let extendedAt = Date.now();

if (ownEpisode !== undefined) {
  if (banner) banner.closest('header').after(notice);
  else document.body.prepend(notice);
  store(ownEpisode ? Number(banner?.dataset.actingLeft ?? 0) : 0);
  show();
  const checkAgain = () => void check();
  setInterval(checkAgain, checkMs);
  addEventListener('storage', checkAgain);
  // Also when the browser restores the page from its back/forward cache.
  addEventListener('pageshow', checkAgain);
  document.addEventListener('visibilitychange', checkAgain);
  document.addEventListener('input', ({ isTrusted }) => {
    if (isTrusted) typedAt = Date.now();
  });
  document.addEventListener('htmx:after:request', ({ detail }) => readHeaders(detail.ctx.response.headers));
  // Forms of this page must not be sent in another person's session.
  addEventListener('submit', blockSubmit, true);
  document.addEventListener('htmx:before:request', blockSubmit);
}

function stored() {
  return JSON.parse(localStorage.getItem(key) ?? '{"episode":"","until":0}');
}

function store(secondsLeft) {
  if (!ownEpisode) return localStorage.removeItem(key);
  const until = Date.now() + secondsLeft * 1000;
  const before = stored();
  // Tabs compute the same end at slightly different times.
  if (before.episode === ownEpisode && Math.abs(before.until - until) < 2_000) return;
  localStorage.setItem(key, JSON.stringify({ episode: ownEpisode, until }));
}

/** Each response to a person's action says when the episode now ends. */
function readHeaders(headers) {
  const until = headers.get('X-Acting-Until');
  if (!until || !ownEpisode || isOver) return;
  extendedAt = Date.now();
  store((Date.parse(until) - Date.parse(headers.get('Date'))) / 1000);
  show();
}

async function check() {
  if (isOver) return;
  const { episode, until } = stored();
  if (episode !== ownEpisode) await askServer();
  else if (ownEpisode && typedAt > extendedAt && Date.now() - extendedAt > typingMs) await extend();
  // Another request may have extended the episode, such as an upload.
  else if (ownEpisode && until - Date.now() <= warnMs) await askServer();
  show();
}

/** Does not extend the episode: only a person's actions do. */
async function askServer() {
  await compare(fetch(address, { headers: { Accept: 'application/json', 'X-By-Itself': 'true' } }));
}

async function extend() {
  extendedAt = Date.now();
  await compare(fetch(address, { method: 'POST', headers: { Accept: 'application/json' } }));
}

async function compare(request) {
  // An unreachable server says nothing about the session.
  const answer = await request.catch(() => null);
  const isGone = answer?.status === 401 || answer?.status === 403;
  if (!answer || isOver || (!answer.ok && !isGone)) return;
  const { acting } = answer.ok ? await answer.json() : { acting: null };
  if ((acting?.episodeId ?? '') !== ownEpisode) return leavePage(acting !== null);
  store(acting?.secondsLeft ?? 0);
}

function show() {
  if (!ownEpisode || isOver) return;
  const { episode, until } = stored();
  if (episode !== ownEpisode) return;
  const at = timeOf(until);
  for (const place of banner.querySelectorAll('[data-acting-ends]')) place.textContent = at;
  if (until - Date.now() > warnMs) notice.replaceChildren();
  else if (notice.childElementCount === 0)
    showNotice(
      `This ends at ${at} unless you continue.`,
      button('Stay', () => void stay()),
    );
}

async function stay() {
  await extend();
  if (isOver) return;
  const { until } = stored();
  if (until - Date.now() <= warnMs) showNotice(`This ends at ${timeOf(until)}. It cannot be extended.`);
  else show();
}

/** The page was rendered for another session than the current one. */
function leavePage(isActing) {
  isOver = true;
  const target = isActing ? '/' : '/admin';
  if (document.dispatchEvent(new Event('examdesk:leaving', { cancelable: true })))
    return location.replace(target);
  const name = banner?.querySelector('strong').textContent;
  const what = name ? `You are no longer acting as ${name}.` : 'You are now acting as somebody.';
  banner?.remove();
  showNotice(
    `${what} What you typed is still here: copy what you need. It cannot be sent from this page.`,
    link(target),
  );
}

function blockSubmit(event) {
  const action = event.target.closest?.('form')?.getAttribute('action') ?? '';
  if (!isOver || /\/(sign-out|exit-impersonation)$/.test(action)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  notice.querySelector('a')?.focus();
}

function showNotice(text, ...actions) {
  const words = document.createElement('p');
  words.textContent = text;
  notice.replaceChildren(words, ...actions);
}

function button(text, run) {
  const made = document.createElement('button');
  made.type = 'button';
  made.className = 'button';
  made.textContent = text;
  made.addEventListener('click', run);
  return made;
}

function link(href) {
  const made = document.createElement('a');
  made.className = 'button';
  made.href = href;
  made.textContent = 'Leave this page';
  return made;
}

/** In the server's format. */
function timeOf(at) {
  const clock = new Intl.DateTimeFormat('en-AU', { hour: 'numeric', minute: '2-digit', hour12: true });
  return clock.format(at).replaceAll(/\s/gu, '\u00a0');
}
