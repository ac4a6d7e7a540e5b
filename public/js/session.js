// Warns before the session ends because of inactivity, and tells when it has ended. Typing keeps the session. Never discards
// what was typed: a page with unsent input stays open, and can be used again after signing in elsewhere.
import { blockSubmits, button, createNotice, link, mayLeave, timeOf } from './notice.js';

const address = '/session';
const warnMs = 5 * 60_000;
/** While a person types, requests extend the session this often. */
const typingMs = 5 * 60_000;
const checkMs = 15_000;

const { dataset } = document.documentElement;
const notice = createNotice('session-notice', document.querySelector('.site-header'));

let endsAt = Date.now() + Number(dataset.sessionLeft ?? 0) * 1000;
let isOver = false;
let typedAt = 0;
let extendedAt = Date.now();

blockSubmits(() => isOver, notice, askServer);
document.addEventListener('input', ({ isTrusted }) => {
  if (isTrusted) typedAt = Date.now();
});
// The request of a timer was refused, so the session was ended elsewhere.
document.addEventListener('htmx:after:request', ({ detail }) => {
  if (detail.ctx.response?.status === 401) void askServer();
});
setInterval(() => void check(), checkMs);
for (const event of ['pageshow', 'focus']) addEventListener(event, () => void lookAgain());
document.addEventListener('visibilitychange', () => void lookAgain());
// The console's pages tell neither who is signed in nor for how long.
if (!dataset.sessionUser) void askServer();

async function check() {
  if (isOver || !dataset.sessionUser) return;
  if (typedAt > extendedAt && Date.now() - extendedAt > typingMs) await extend();
  // Another tab or another request may have extended the session.
  else if (endsAt - Date.now() <= warnMs) await askServer();
  show();
}

/** After the end: the person may have signed in again in another tab. */
async function lookAgain() {
  if (document.visibilityState === 'hidden') return;
  if (isOver) await askServer();
  else await check();
}

/**
 * Asks the server about the session. This does not extend it; only a person's actions do. An answer that arrives after the
 * session was extended may tell the earlier end, so it is ignored.
 */
async function askServer() {
  const before = extendedAt;
  const request = fetch(address, { headers: { Accept: 'application/json', 'X-Polling': 'true' } });
  await take(request, () => extendedAt === before);
}

async function extend() {
  extendedAt = Date.now();
  await take(fetch(address, { method: 'POST', headers: { Accept: 'application/json' } }));
}

async function take(request, isNews = () => true) {
  // An unreachable server says nothing about the session.
  const answer = await request.catch(() => null);
  if (answer?.status === 401) return end();
  if (!answer?.ok) return;
  const session = await answer.json();
  if (!isNews()) return;
  dataset.sessionUser ||= session.userId;
  // Acting has begun in another tab (acting.js), or somebody else has signed in: this page is not theirs.
  if (session.userId !== dataset.sessionUser) return;
  endsAt = Date.now() + session.secondsLeft * 1000;
  if (isOver) notice.clear();
  isOver = false;
}

function show() {
  if (isOver) return;
  if (endsAt - Date.now() > warnMs) notice.clear();
  else if (notice.isEmpty())
    notice.show(
      `You will be signed out at ${timeOf(endsAt)}, because nothing has happened here for a while.`,
      button('Stay signed in', () => void stay()),
    );
}

async function stay() {
  await extend();
  if (isOver) return;
  if (endsAt - Date.now() > warnMs) return notice.clear();
  notice.show(
    `You will be signed out at ${timeOf(endsAt)}. Save what you have typed: then you sign in again.`,
  );
}

function end() {
  if (isOver) return;
  isOver = true;
  const signIn = `/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`;
  if (mayLeave()) return location.replace(signIn);
  const again = link(signIn, 'Sign in again');
  again.target = '_blank';
  notice.show(
    'Your session has ended. What you typed is still here: sign in again in a new tab, then come back to this one.',
    again,
  );
}
