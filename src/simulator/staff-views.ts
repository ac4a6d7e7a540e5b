// The HTML of the staff pages.
import { account, appointmentTypes, calendars, findCalendar, findType } from './fixture.ts';
import { html, type Html } from './html.ts';
import { fieldsOfType } from './intake-forms.ts';
import { locationOf } from './appointment-view.ts';
import { questionsOfType } from './staff-questions.ts';
import type { Delivery, StoredAppointment } from './state.ts';
import { dayOf, humanDate, humanTime, machineTime, weekday } from './times.ts';
import type { World } from './world.ts';

const nav = (current: string): Html =>
  html`<nav aria-label="Main">${[
    ['/', 'Appointments'],
    ['/book', 'Book'],
    ['/deliveries', 'Webhooks'],
  ].map(
    ([href, name]) =>
      html`<a href="${href}"${current === href ? html` aria-current="page"` : ''}>${name}</a>`,
  )}</nav>`;

export function page(title: string, current: string, main: Html): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} – Simulated Acuity</title>
<link rel="stylesheet" href="/staff.css">
</head>
<body>
<header><p class="mark"><strong>Simulated Acuity</strong> <span>not the real service · ${account.name}</span></p>${nav(current)}</header>
<main><h1>${title}</h1>
${main}</main>
</body>
</html>
`.text;
}

export const notFoundPage = (): Html =>
  html`<p class="empty">There is no such appointment. <a href="/">See all appointments</a></p>`;

const zoneOf = (one: StoredAppointment): string => findCalendar(one.calendarID)?.timezone ?? account.timezone;

export function appointmentList(world: World, rows: StoredAppointment[]): Html {
  if (rows.length === 0)
    return html`<p class="empty">No appointments from today on. <a href="/book">Book one</a>, or book in Examdesk.</p>`;
  const days = Map.groupBy(rows, (one) => dayOf(new Date(one.datetime), zoneOf(one)));
  return html`${[...days].map(
    ([, ones]) => html`<section><h2>${ones[0] && longDate(ones[0])}</h2>
<ul class="cards">${ones.map((one) => html`<li class="${one.canceled ? 'card canceled' : 'card'}"><h3><a href="/appointments/${one.id}">${titleOf(one)}</a>${tagOf(one)}</h3>${factsOf(world, one)}</li>`)}</ul></section>`,
  )}`;
}

function longDate(one: StoredAppointment): string {
  const [start, zone] = [new Date(one.datetime), zoneOf(one)];
  return `${weekday(start, zone)}, ${humanDate(start, zone)}`;
}

const titleOf = (one: StoredAppointment): string =>
  `${humanTime(new Date(one.datetime), zoneOf(one))} ${findCalendar(one.calendarID)?.name ?? ''}`;

const tagOf = (one: StoredAppointment): Html =>
  html`${one.canceled && html` <span class="tag">${one.noShow ? 'No-show' : 'Cancelled'}</span>`}`;

function factsOf(world: World, one: StoredAppointment): Html {
  const answers = new Map(one.answers.map(({ fieldID, value }) => [fieldID, value]));
  const location = locationOf(world, one);
  return html`<p>${findType(one.appointmentTypeID)?.name} · ${one.duration} minutes · ${zoneOf(one)}</p>
<dl><dt>Client</dt><dd>${one.firstName} ${one.lastName}, ${one.email}</dd>
${fieldsOfType(world, one.appointmentTypeID)
  .filter(({ id }) => answers.get(id))
  .map(({ id, name }) => html`<dt>${name}</dt><dd>${answers.get(id)}</dd>`)}
${location && html`<dt>Location</dt><dd>${location}</dd>`}
<dt>Appointment</dt><dd>${one.id}</dd></dl>`;
}

export function appointmentPage(world: World, one: StoredAppointment, problem: string | null): Html {
  const zone = zoneOf(one);
  const local = machineTime(new Date(one.datetime), zone).slice(0, 16);
  return html`${problem && html`<p class="problem" role="alert">${problem}</p>`}
<section class="card"><h2>${longDate(one)}, ${titleOf(one)}${tagOf(one)}</h2>${factsOf(world, one)}</section>
<div class="panels">${
    !one.canceled &&
    html`<div>
<form method="post" action="/appointments/${one.id}/reschedule" class="panel"><h2>Reschedule</h2>
<label for="datetime">New time (${zone})</label><input id="datetime" name="datetime" type="datetime-local" value="${local}" required>
<label for="calendarID">Calendar</label>${calendarSelect(one.calendarID)}
<button>Reschedule</button></form>
<form method="post" action="/appointments/${one.id}/cancel" class="panel"><h2>Cancel</h2>
<label class="check"><input type="checkbox" name="noShow" value="true"> The client did not come (no-show)</label>
<button class="danger">Cancel appointment</button></form></div>`
  }
<form method="post" action="/appointments/${one.id}/edit" class="panel"><h2>Details</h2>
<label for="location">Meeting link or location</label><input id="location" name="location" value="${one.location}">
<label for="notes">Notes</label><textarea id="notes" name="notes" rows="2">${one.notes}</textarea>
${questionsOfType(world, one.appointmentTypeID, new Map(one.answers.map(({ fieldID, value }) => [fieldID, value])))}
<button>Save</button></form></div>`;
}

export interface BookForm {
  typed: Record<string, string>;
  /** The appointment type whose questions are shown. */
  typeId: number;
  problem: string | null;
}

export function bookPage(world: World, { typed, typeId, problem }: BookForm): Html {
  const answers = Object.entries(typed).map(
    ([name, value]) => [Number(name.replace('field-', '')), value] as const,
  );
  const input = (name: string, label: string, type = 'text'): Html =>
    html`<label for="${name}">${label}</label><input id="${name}" name="${name}" type="${type}" value="${typed[name] ?? ''}">`;
  return html`${problem && html`<p class="problem" role="alert">${problem}</p>`}
<form method="post" action="/book" class="panel">
<label for="calendarID">Calendar</label>${calendarSelect(Number(typed.calendarID))}
<label for="appointmentTypeID">Type</label><select id="appointmentTypeID" name="appointmentTypeID">${appointmentTypes.map(
    ({ id, name, duration }) =>
      html`<option value="${id}"${typeId === id ? html` selected` : ''}>${name} (${duration} minutes)</option>`,
  )}</select>
<button name="show" value="questions" class="other">Show the questions of this type</button>
${input('datetime', 'Time, in the calendar’s own zone', 'datetime-local')}
${input('firstName', 'Client’s first name')}${input('lastName', 'Client’s last name')}
${input('email', 'Client’s e-mail', 'email')}${input('phone', 'Client’s phone', 'tel')}
${questionsOfType(world, typeId, new Map(answers))}
<button>Book as staff</button></form>`;
}

function calendarSelect(selected: number): Html {
  return html`<select id="calendarID" name="calendarID">${calendars.map(
    ({ id, name, timezone }) =>
      html`<option value="${id}"${id === selected ? html` selected` : ''}>${name} (${timezone})</option>`,
  )}</select>`;
}

export function deliveryList(deliveries: Delivery[]): Html {
  if (deliveries.length === 0) return html`<p class="empty">No webhook was sent yet.</p>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Deliveries"><table><caption>Newest first</caption>
<thead><tr><th scope="col">Event</th><th scope="col">Appointment</th><th scope="col">State</th><th scope="col">Attempts</th><th scope="col">To</th></tr></thead>
<tbody>${deliveries
    .toReversed()
    .slice(0, 200)
    .map(
      (one) =>
        html`<tr><td>${one.action}</td><td>${one.appointmentID}</td><td>${one.state.replace('_', ' ')}</td><td>${one.attempts.map(({ status }) => status).join(', ') || 'none yet'}</td><td>${one.target}</td></tr>`,
    )}</tbody></table></div>`;
}

export const stylesheet = `
:root { color-scheme: light dark; --line: light-dark(#d5d0ca, #4a4541); --paper: light-dark(#fff, #242220); --ink: light-dark(#1f2a37, #ece8e4); --mark: light-dark(#1d4e89, #9cc3f0); }
body { margin: 0; font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: light-dark(#f4f6f8, #1a1918); }
header { display: flex; flex-wrap: wrap; gap: .5rem 2rem; align-items: center; justify-content: space-between; padding: .75rem 1rem; background: var(--paper); border-bottom: 3px solid var(--mark); }
.mark { margin: 0; } .mark span { opacity: .85; font-size: .875rem; }
nav { display: flex; gap: 1rem; } a { color: var(--mark); } nav a { padding: .6rem 0; } [aria-current] { font-weight: 700; text-decoration-thickness: 3px; }
main { max-width: 56rem; margin: 0 auto; padding: 1rem; } h2 { font-size: 1.1rem; margin: 1.5rem 0 .5rem; } h3 { font-size: 1rem; margin: 0; }
.cards { list-style: none; margin: 0; padding: 0; display: grid; gap: .75rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 26rem), 1fr)); } .card, .panel { background: var(--paper); border: 1px solid var(--line); border-radius: .5rem; padding: 1rem; }
.card h2 { margin: 0; } .canceled h3 a { text-decoration: line-through; } .tag { border: 1px solid; border-radius: 1rem; padding: 0 .6rem; font-size: .8rem; }
.card p { margin: .25rem 0 .5rem; } dl { display: grid; grid-template-columns: minmax(0, 2fr) minmax(0, 3fr); gap: .1rem 1rem; margin: 0; font-size: .925rem; } dt { opacity: .85; } dd { margin: 0; overflow-wrap: anywhere; }
.panels { display: grid; gap: 0 1rem; align-items: start; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); }
.panel { display: grid; grid-template-columns: minmax(0, 1fr); gap: .35rem; margin-top: 1rem; max-width: 34rem; } .panel h2 { margin: 0; } .panel * + h2 { margin-top: .75rem; } label { font-weight: 600; margin-top: .4rem; } .check { font-weight: 400; } .panel p { margin: 0; } .hint { font-weight: 400; opacity: .85; } fieldset { border: 1px solid var(--line); border-radius: .3rem; margin: .4rem 0 0; padding: .25rem .75rem .5rem; min-inline-size: 0; } legend { font-weight: 600; } fieldset .check { display: block; margin-top: .25rem; }
input, select, textarea, button { font: inherit; padding: .55rem .7rem; border: 1px solid #7a8290; border-radius: .3rem; min-inline-size: 0; } input, select, textarea { background: Field; color: FieldText; } input[type=checkbox], input[type=radio] { inline-size: 1.2rem; block-size: 1.2rem; vertical-align: -.2rem; }
button { margin-top: .75rem; background: #1d4e89; color: #fff; border-color: #1d4e89; min-height: 2.75rem; cursor: pointer; } .other { background: var(--paper); color: var(--mark); border-color: currentColor; } .danger { background: #a4262c; border-color: #a4262c; }
.problem { border-left: 4px solid #a4262c; background: var(--paper); padding: .75rem 1rem; } .empty { background: var(--paper); padding: 2rem; border-radius: .5rem; text-align: center; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; background: var(--paper); inline-size: 100%; } th, td { text-align: start; padding: .5rem .75rem; border-bottom: 1px solid var(--line); } caption { text-align: start; padding: .5rem 0; }
:focus-visible { outline: 3px solid var(--mark); outline-offset: 2px; }
`;
