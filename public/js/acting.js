// Who acts as whom is one thing for all tabs of a browser. What one tab hears of it, it leaves in the store; the others
// see that, and ask the server whenever it is not what they show. Warns before the end; throws away nothing that was
// typed. Holds the number of an episode and a time, and nothing of anybody examined.
const key = 'examdesk-acting';
const address = '/admin/acting';
const warnMs = 5 * 60_000;
/** While one types the server hears of it as often. */
const typingMs = 5 * 60_000;
const lookMs = 15_000;

// Not there on a page that was refused before anybody looked who had asked.
const mine = document.documentElement.dataset.acting;
const banner = document.querySelector('[data-acting-left]');
const notice = document.createElement('div');
notice.className = 'acting-notice';
notice.setAttribute('role', 'status');

let isOver = false;
let typedAt = 0;
let heardAt = Date.now();

if (mine !== undefined) {
  if (banner) banner.closest('header').after(notice);
  else document.body.prepend(notice);
  keep(mine ? Number(banner?.dataset.actingLeft ?? 0) : 0);
  show();
  const lookAgain = () => void look();
  setInterval(lookAgain, lookMs);
  addEventListener('storage', lookAgain);
  // Also out of the browser's memory of pages.
  addEventListener('pageshow', lookAgain);
  document.addEventListener('visibilitychange', lookAgain);
  document.addEventListener('input', ({ isTrusted }) => {
    if (isTrusted) typedAt = Date.now();
  });
  document.addEventListener('htmx:after:request', ({ detail }) => hear(detail.ctx.response.headers));
  // What belongs to whom this page was made for is not sent in another's name.
  addEventListener('submit', stop, true);
  document.addEventListener('htmx:before:request', stop);
}

function stored() {
  return JSON.parse(localStorage.getItem(key) ?? '{"episode":"","until":0}');
}

function keep(secondsLeft) {
  if (!mine) return localStorage.removeItem(key);
  const until = Date.now() + secondsLeft * 1000;
  const before = stored();
  // Tabs hear the same end in different moments: that is no news.
  if (before.episode === mine && Math.abs(before.until - until) < 2_000) return;
  localStorage.setItem(key, JSON.stringify({ episode: mine, until }));
}

/** The server says with each answer to something that was done until when it goes on now. */
function hear(headers) {
  const until = headers.get('X-Acting-Until');
  if (!until || !mine || isOver) return;
  heardAt = Date.now();
  keep((Date.parse(until) - Date.parse(headers.get('Date'))) / 1000);
  show();
}

async function look() {
  if (isOver) return;
  const { episode, until } = stored();
  if (episode !== mine) await ask();
  else if (mine && typedAt > heardAt && Date.now() - heardAt > typingMs) await goOn();
  // Something else than a page may have moved it on: a file on its way.
  else if (mine && until - Date.now() <= warnMs) await ask();
  show();
}

/** Only what the person at the keyboard did moves the end on; this does not. */
async function ask() {
  await compare(fetch(address, { headers: { Accept: 'application/json', 'X-By-Itself': 'true' } }));
}

async function goOn() {
  heardAt = Date.now();
  await compare(fetch(address, { method: 'POST', headers: { Accept: 'application/json' } }));
}

async function compare(request) {
  // Of a server that cannot be reached just now one learns nothing.
  const answer = await request.catch(() => null);
  const isGone = answer?.status === 401 || answer?.status === 403;
  if (!answer || isOver || (!answer.ok && !isGone)) return;
  const { acting } = answer.ok ? await answer.json() : { acting: null };
  if ((acting?.episodeId ?? '') !== mine) return part(acting !== null);
  keep(acting?.secondsLeft ?? 0);
}

function show() {
  if (!mine || isOver) return;
  const { episode, until } = stored();
  if (episode !== mine) return;
  const at = timeOf(until);
  for (const place of banner.querySelectorAll('[data-acting-ends]')) place.textContent = at;
  if (until - Date.now() > warnMs) notice.replaceChildren();
  else if (notice.childElementCount === 0)
    say(
      `This ends at ${at}, unless you go on.`,
      button('Stay', () => void stay()),
    );
}

async function stay() {
  await goOn();
  if (isOver) return;
  const { until } = stored();
  if (until - Date.now() <= warnMs) say(`This ends at ${timeOf(until)}. It cannot go on for longer.`);
  else show();
}

/** This page shows another than the server does now. */
function part(isAnother) {
  isOver = true;
  const target = isAnother ? '/' : '/admin';
  if (document.dispatchEvent(new Event('examdesk:leaving', { cancelable: true })))
    return location.replace(target);
  const name = banner?.querySelector('strong').textContent;
  const what = name ? `You do not act as ${name} any more.` : 'You act as somebody now.';
  banner?.remove();
  say(`${what} What you typed is still here: copy what you need. It cannot be sent from here.`, link(target));
}

function stop(event) {
  const leads = event.target.closest?.('form')?.getAttribute('action') ?? '';
  if (!isOver || /\/(sign-out|exit-impersonation)$/.test(leads)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  notice.querySelector('a')?.focus();
}

function say(text, ...actions) {
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

/** As the server writes it. */
function timeOf(at) {
  const clock = new Intl.DateTimeFormat('en-AU', { hour: 'numeric', minute: '2-digit', hour12: true });
  return clock.format(at).replaceAll(/\s/gu, '\u00a0');
}
