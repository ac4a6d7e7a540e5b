// All tabs of a browser share one session, so acting starts and ends in all of them. A tab writes what the server says to
// localStorage; the others read it, and ask the server when it differs from what they show. Warns before the end, and
// never discards what was typed. localStorage holds an episode's id and a time, no health information.
import { blockSubmits, button, createNotice, link, mayLeave, timeOf } from './notice.js';

const key = 'examdesk-acting';
const address = '/admin/acting';
const warnMs = 5 * 60_000;
/** While the admin types, requests extend the episode this often. */
const typingMs = 5 * 60_000;
const checkMs = 15_000;

// It is undefined on error pages that were rendered before the session was read.
const ownEpisode = document.documentElement.dataset.acting;
const banner = document.querySelector('[data-acting-left]');
const notice = ownEpisode === undefined ? null : createNotice('acting-notice', banner?.closest('header'));

let isOver = false;
let typedAt = 0;
let extendedAt = Date.now();

if (ownEpisode !== undefined) {
  store(ownEpisode ? Number(banner?.dataset.actingLeft ?? 0) : 0);
  show();
  const checkAgain = () => void check();
  setInterval(checkAgain, checkMs);
  addEventListener('storage', checkAgain);
  // This also runs when the browser restores the page from its back/forward cache.
  addEventListener('pageshow', checkAgain);
  document.addEventListener('visibilitychange', checkAgain);
  document.addEventListener('input', ({ isTrusted }) => {
    if (isTrusted) typedAt = Date.now();
  });
  document.addEventListener('htmx:after:request', ({ detail }) => readHeaders(detail.ctx.response.headers));
  // Forms of this page must not be sent in another person's session.
  blockSubmits(() => isOver, notice);
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

/**
 * Asks the server about the episode. This does not extend it; only a person's actions do. When a tab has stored another end
 * before the answer arrives, the answer may tell the earlier one, so its time is ignored.
 */
async function askServer() {
  const before = localStorage.getItem(key);
  const request = fetch(address, { headers: { Accept: 'application/json', 'X-Polling': 'true' } });
  await compare(request, () => localStorage.getItem(key) === before);
}

async function extend() {
  extendedAt = Date.now();
  await compare(fetch(address, { method: 'POST', headers: { Accept: 'application/json' } }));
}

async function compare(request, isNews = () => true) {
  // An unreachable server says nothing about the session.
  const answer = await request.catch(() => null);
  const isGone = answer?.status === 401 || answer?.status === 403;
  if (!answer || isOver || (!answer.ok && !isGone)) return;
  const { acting } = answer.ok ? await answer.json() : { acting: null };
  if ((acting?.episodeId ?? '') !== ownEpisode) return leavePage(acting !== null);
  if (isNews()) store(acting?.secondsLeft ?? 0);
}

function show() {
  if (!ownEpisode || isOver) return;
  const { episode, until } = stored();
  if (episode !== ownEpisode) return;
  const at = timeOf(until);
  for (const place of banner.querySelectorAll('[data-acting-ends]')) place.textContent = at;
  if (until - Date.now() > warnMs) notice.clear();
  else if (notice.isEmpty())
    notice.show(
      `This ends at ${at} unless you continue.`,
      button('Stay', () => void stay()),
    );
}

async function stay() {
  await extend();
  if (isOver) return;
  const { until } = stored();
  if (until - Date.now() <= warnMs) notice.show(`This ends at ${timeOf(until)}. It cannot be extended.`);
  else show();
}

/** The page was rendered for another session than the current one. */
function leavePage(isActing) {
  isOver = true;
  const target = isActing ? '/' : '/admin';
  if (mayLeave()) return location.replace(target);
  const name = banner?.querySelector('strong').textContent;
  const what = name ? `You are no longer acting as ${name}.` : 'You are now acting as somebody.';
  banner?.remove();
  notice.show(
    `${what} What you typed is still here: copy what you need. It cannot be sent from this page.`,
    link(target, 'Leave this page'),
  );
}
