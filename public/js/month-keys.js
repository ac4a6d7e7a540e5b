// The Tab key stops once in a month, and arrow keys move between its days (WAI-ARIA's grid). They skip days without a link,
// and go on to the next month after the last day.
const months = 'table[data-month-keys]';
const dayLinks = (table) => [...table.querySelectorAll('a[data-day]')];
const weekOf = (link) => link.closest('tr');
const columnOf = (link) => link.closest('td').cellIndex;
const numberOf = (link) => Number(link.dataset.day.slice(-2));

/** The fragment of an address that a key has opened: a day of that page gets the focus. */
const turned = '#turned';

/** Gets the focus in a month without selectable days, so that the keys work from there. */
const otherMonth = () => document.getElementById('month-next') ?? document.getElementById('month-previous');

/** Chooses what gets the focus once another month is loaded. Called with the days of that month. */
let afterTurn = null;

/** Whether the focus was in the part of the page that is being replaced. */
let hadFocus = false;

function prepare() {
  const isLost = hadFocus && document.activeElement === document.body;
  const isTurned = afterTurn !== null || location.hash === turned;
  for (const table of document.querySelectorAll(months)) {
    const days = dayLinks(table);
    const stop = days.find((day) => day.ariaCurrent) ?? days[0];
    if (stop) {
      table.setAttribute('role', 'grid');
      for (const day of days) day.tabIndex = day === stop ? 0 : -1;
    }
    if (stop && isTurned) focusOn(afterTurn ? afterTurn(days) : stop);
    else if (isTurned || isLost) (stop ?? otherMonth())?.focus();
  }
  afterTurn = null;
  hadFocus = false;
}

function focusOn(day) {
  for (const other of dayLinks(day.closest(months))) other.tabIndex = other === day ? 0 : -1;
  day.focus();
}

/** By key: the day to go to, or the month to open and the day to choose in it. */
const moves = {
  ArrowRight: (day, days) => days[days.indexOf(day) + 1] ?? { turn: 'next', take: (others) => others[0] },
  ArrowLeft: (day, days) =>
    days[days.indexOf(day) - 1] ?? { turn: 'previous', take: (others) => others.at(-1) },
  ArrowDown: (day, days) =>
    days.slice(days.indexOf(day) + 1).find((other) => columnOf(other) === columnOf(day)) ?? {
      turn: 'next',
      take: (others) => others.find((other) => columnOf(other) === columnOf(day)) ?? others[0],
    },
  ArrowUp: (day, days) =>
    days.slice(0, days.indexOf(day)).findLast((other) => columnOf(other) === columnOf(day)) ?? {
      turn: 'previous',
      take: (others) => others.findLast((other) => columnOf(other) === columnOf(day)) ?? others.at(-1),
    },
  Home: (day, days) => days.find((other) => weekOf(other) === weekOf(day)),
  End: (day, days) => days.findLast((other) => weekOf(other) === weekOf(day)),
  PageDown: (day) => ({ turn: 'next', take: nearestTo(numberOf(day)) }),
  PageUp: (day) => ({ turn: 'previous', take: nearestTo(numberOf(day)) }),
};

const nearestTo = (number) => (days) =>
  days.toSorted((a, b) => Math.abs(numberOf(a) - number) - Math.abs(numberOf(b) - number))[0];

document.addEventListener('keydown', (event) => {
  const day = event.target.closest?.(`${months} a[data-day]`);
  const move = day && !event.ctrlKey && !event.altKey && !event.metaKey && moves[event.key];
  if (!move) return;
  event.preventDefault();
  const to = move(day, dayLinks(day.closest(months)));
  if (!to.turn) return focusOn(to);
  const link = document.getElementById(`month-${to.turn}`);
  if (!link) return;
  afterTurn = to.take;
  if (link.hasAttribute('hx-get')) link.click();
  else location.assign(`${link.href}${turned}`);
});

document.addEventListener('focusin', ({ target }) => {
  const day = target.closest?.(`${months} a[data-day]`);
  if (day && day.tabIndex !== 0) focusOn(day);
});
document.addEventListener('htmx:before:swap', () => {
  hadFocus = document.activeElement.closest('#picker') !== null;
});
document.addEventListener('htmx:after:settle', prepare);
prepare();
