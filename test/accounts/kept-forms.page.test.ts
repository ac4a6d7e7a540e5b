import type { HtmlElement } from 'html-validate';
import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { idleMinutes, isSecretField } from '../../src/accounts/index.ts';
import { formAddress, openedIn } from '../support/console-form.ts';
import { markupErrors, type Visit, type Visitor } from '../support/visitor.ts';
import {
  inUtc,
  nadia,
  nineOnTuesday,
  openPageFixture,
  rita,
  sam,
  type PageFixture,
} from '../support/page-fixture.ts';

const ada = 'ada@examdesk.example';
/** What HTML could take for its own. */
const awkward = 'Ewan’s “lift” </textarea><b> & "knees"';

describe('a form that was sent after the session had ended', () => {
  let fixture: PageFixture;
  let bookingId: string;
  let draftId: string;

  before(async () => {
    fixture = await openPageFixture();
    fixture.acuity.offer(7001, nineOnTuesday, '2026-12-02T10:00:00+11:00', '2026-12-02T11:00:00+11:00');
    const person = await fixture.signedIn(rita);
    draftId = await fixture.draftAt(person, 'examinee');
    const booked = await fixture.draftAt(person, 'check');
    const check = await person.get(`/bookings/new/${booked}/check`);
    bookingId = (await person.post('/bookings', check.form('/bookings'))).at.replace(/^.*\/|\?.*$/g, '');
  });
  after(() => fixture.close());

  const endSessions = () => fixture.app.db('sessions').delete();

  async function signInAgain(person: Visitor, email: string): Promise<void> {
    const { name, value } = await fixture.app.sessionCookie(email);
    person.setCookie(name, value);
  }

  /** Where the sign-in page leads. */
  function nextOf({ at }: Visit): string {
    expect(at).to.match(/^\/sign-in\?next=/);
    return new URL(at, fixture.app.url).searchParams.get('next') ?? '';
  }

  /** Types something else into every field, and sends the form without a session. */
  async function sendTooLate(person: Visitor, page: Visit, action: string) {
    const typed = typeInto(page, action);
    await endSessions();
    return { typed, answer: await person.post(action, typed) };
  }

  /** The pages with something to type, and the forms on each. */
  const pages: { who: string; at: () => string; forms?: () => string[] }[] = [
    { who: rita, at: () => `/bookings/new/${draftId}/time?day=2026-12-02` },
    { who: rita, at: () => `/bookings/new/${draftId}/examinee` },
    { who: rita, at: () => `/bookings/${bookingId}/reschedule?day=2026-12-02` },
    { who: rita, at: () => `/bookings/${bookingId}/cancel` },
    { who: rita, at: () => `/bookings/${bookingId}/contacts` },
    { who: rita, at: () => '/account/email' },
    { who: rita, at: () => '/account/mail' },
    { who: ada, at: () => '/account/people' },
    { who: ada, at: () => '/admin/merges' },
    { who: ada, at: () => '/admin/access-check' },
    { who: ada, at: () => '/admin/act-as?user=USER' },
    { who: sam, at: () => `/bookings/${bookingId}/cancel` },
  ];
  for (const { who, at } of pages) {
    it(`is filled in again on ${at.toString().replace(/^.*?['`]|['`]$/g, '')} for ${who}`, async () => {
      const { id } = (await fixture.app.db('users').where({ email: rita }).first('id'))!;
      const person = await fixture.signedIn(who);
      const opened = await person.get(at().replace('USER', id));
      expect(opened.status, opened.at).to.equal(200);
      const actions = formsWithFields(opened);
      expect(actions).not.to.deep.equal([]);
      for (const action of actions) {
        await signInAgain(person, who);
        const { typed, answer } = await sendTooLate(person, await person.get(opened.at), action);
        await signInAgain(person, who);
        const again = await person.get(nextOf(answer));
        expect(again.text('.kept-notice'), again.at).to.contain(
          'Your session had ended, and nothing was sent.',
        );
        expect(fieldsIn(again, action), `${action} on ${again.at}`).to.deep.equal(typed);
        expect(await markupErrors(again)).to.deep.equal([]);
        // Sent again, here in vain, it is no longer kept.
        await person.post(
          action,
          typed.map(([name]) => [name, 'x'.repeat(5_000)]),
        );
        expect((await person.get(opened.at)).has('.kept-notice'), action).to.equal(false);
      }
    });
  }

  for (const [who, part, field] of [
    [rita, 'messages', 'text'],
    [sam, 'notes', 'note'],
  ] as const) {
    it(`is filled in again in the ${part} of a booking, whose form has a new idempotency key each time`, async () => {
      const person = await fixture.signedIn(who);
      const action = `/bookings/${bookingId}/${part}`;
      const sent = (await person.get(`/bookings/${bookingId}`)).form(action);
      const text = 'Typed before\nthe end';
      await endSessions();
      const answer = await person.post(action, { ...sent, [field]: text });
      await signInAgain(person, who);
      const again = await person.get(nextOf(answer));
      expect(again.has('.kept-notice')).to.equal(true);
      expect(again.form(action)[field]?.trim()).to.equal(text);
    });
  }

  it('is kept through a sign-in by password, and with no health information in the address', async () => {
    const person = await fixture.signedIn(rita);
    const page = await person.get(`/bookings/${bookingId}/cancel`);
    await endSessions();
    const answer = await person.post(`/bookings/${bookingId}/cancel`, {
      ...page.form(`/bookings/${bookingId}/cancel`),
      reason: awkward,
    });
    expect(answer.at).to.equal(`/sign-in?next=${encodeURIComponent(`/bookings/${bookingId}/cancel`)}`);
    expect(answer.text('.notice')).to.contain('what you typed is in the form again');
    const fields = { ...answer.form('/sign-in'), email: rita, password: 'examdesk-demo' };
    const again = await person.post('/sign-in', fields);
    expect(again.form(`/bookings/${bookingId}/cancel`).reason).to.equal(awkward);
  });

  it('is there again when the session ended after two idle hours, with the draft it belongs to', async () => {
    const person = await fixture.signedIn(rita);
    const draft = await fixture.draftAt(person, 'time');
    const action = `/bookings/new/${draft}/time`;
    await person.get(`${action}?day=2026-12-02`);
    const before = fixture.clock.at;
    fixture.clock.at = new Date(before.getTime() + (idleMinutes.referrer + 30) * 60_000);
    const longAgo = new Date(Date.now() - (idleMinutes.referrer + 1) * 60_000);
    await fixture.app.db('sessions').update({ last_seen_at: longAgo });
    const startsAt = inUtc('2026-12-02T11:00:00+11:00');
    const answer = await person.post(action, { day: '2026-12-02', startsAt });
    await signInAgain(person, rita);
    expect((await person.get(nextOf(answer))).form(action).startsAt).to.equal(startsAt);
    fixture.clock.at = before;
  });

  it('is no longer promised once it was sent again', async () => {
    const person = await fixture.signedIn(rita);
    const action = `/bookings/${bookingId}/contacts`;
    await person.get(action);
    await endSessions();
    await person.post(action, {});
    await signInAgain(person, rita);
    await person.post(action, {});
    await person.get('/bookings');
    await endSessions();
    expect((await person.get('/bookings')).text('.notice')).not.to.contain('what you typed');
    // A search is quickly typed again.
    for (const search of ['/bookings/search', '/search'])
      expect((await person.post(search, { q: 'Marsh' })).text('.notice'), search).not.to.contain('typed');
    // What is selected in a list of the console: the list cannot show it again.
    const selected = { kind: 'emails/send-again', which: 'selected', ids: bookingId };
    expect((await person.post('/admin/bulk', selected)).text('.notice')).not.to.contain('typed');
    expect(await fixture.app.db('kept_forms').where({ action: '/admin/bulk' })).to.deep.equal([]);
  });

  it('is kept when htmx sends it, and when the browser names no page', async () => {
    const person = await fixture.signedIn(rita);
    await person.get('/');
    await endSessions();
    const action = `/bookings/${bookingId}/cancel`;
    const body = new URLSearchParams({ reason: awkward });
    const headers = { 'HX-Request-Type': 'partial', 'HX-Request': 'true' };
    const answer = await person.raw(action, { method: 'POST', body, headers });
    expect(answer.status).to.equal(401);
    expect(answer.headers.get('HX-Redirect')).to.match(/^\/sign-in\?next=/);
    await signInAgain(person, rita);
    expect((await person.get(action)).form(action).reason).to.equal(awkward);

    const { name, value } = await fixture.app.sessionCookie(rita);
    const cookie = (await fetch(fixture.app.url, { headers: { cookie: `${name}=${value}` } })).headers
      .getSetCookie()
      .find((line) => line.startsWith('examdesk.typist='));
    await endSessions();
    const alone = await fetch(fixture.app.url + action, {
      method: 'POST',
      body,
      redirect: 'manual',
      headers: { cookie: cookie?.split(';')[0] ?? '', origin: fixture.app.url, accept: 'text/html' },
    });
    expect(alone.headers.get('location')).to.equal(`/sign-in?next=${encodeURIComponent(action)}`);
  });

  it('shows the chosen day and time again when the address did not name the day', async () => {
    const person = await fixture.signedIn(rita);
    const action = `/bookings/${bookingId}/reschedule`;
    await person.get(action);
    await endSessions();
    const startsAt = inUtc('2026-12-02T11:00:00+11:00');
    const answer = await person.post(action, { day: '2026-12-02', startsAt });
    await signInAgain(person, rita);
    expect((await person.get(nextOf(answer))).form(action).startsAt).to.equal(startsAt);
  });

  it('is shown to nobody else, and to nobody after a sign-out', async () => {
    const action = `/bookings/${bookingId}/cancel`;
    const sendAsRita = async () => {
      const person = await fixture.signedIn(rita);
      await person.get(action);
      await endSessions();
      await person.post(action, { reason: awkward });
      return person;
    };
    for (const other of ['rob@harbour-legal.example', sam, nadia]) {
      const person = await sendAsRita();
      await signInAgain(person, other);
      expect((await person.get(action)).html, other).not.to.contain('knees');
      await signInAgain(person, rita);
      expect((await person.get(action)).html, `Rita, after ${other}`).not.to.contain('knees');
    }
    const person = await sendAsRita();
    await signInAgain(person, rita);
    await person.post('/sign-out', {});
    await signInAgain(person, rita);
    expect((await person.get(action)).html).not.to.contain('knees');
  });

  it('is not kept for a browser whose cookie is not ours, nor after an hour', async () => {
    const action = `/bookings/${bookingId}/cancel`;
    const stranger = fixture.visitor();
    await stranger.post(action, { reason: awkward });
    const { id } = (await fixture.app.db('users').where({ email: rita }).first('id'))!;
    const madeUp = `${crypto.randomUUID()}~${id}~~~${'A'.repeat(43)}`;
    stranger.setCookie('examdesk.typist', madeUp);
    await stranger.post(action, { reason: 'made up' });
    const rows = await fixture.app.db('kept_forms').whereRaw(`fields->>'reason' = 'made up'`);
    expect(rows).to.deep.equal([]);

    const person = await fixture.signedIn(rita);
    await person.get(action);
    await endSessions();
    await person.post(action, { reason: awkward });
    await fixture.app.database.owner('kept_forms').update({ expires_at: new Date(0) });
    await signInAgain(person, rita);
    expect((await person.get(action)).html).not.to.contain('knees');
    await fixture.app.system.services.accounts.removeExpired();
    expect(await fixture.app.db('kept_forms').where({ action: '/admin/bulk' })).to.deep.equal([]);
  });

  it('is shown to an admin only while they act as the same person again', async () => {
    const admin = await fixture.signedIn(ada);
    const { id: userId } = (await fixture.app.db('users').where({ email: rita }).first('id'))!;
    const act = () => admin.post('/admin/impersonate', { userId, reason: 'A call from Rita' });
    await act();
    const action = `/bookings/${bookingId}/cancel`;
    await admin.get(action);
    await endSessions();
    await admin.post(action, { reason: awkward });
    await signInAgain(admin, ada);
    expect((await admin.get(action)).html).not.to.contain('knees');
    await act();
    expect((await admin.get(action)).form(action).reason).to.equal(awkward);
  });

  it('holds the newest ten forms of a browser', async () => {
    const person = await fixture.signedIn(rita);
    await person.get('/');
    await endSessions();
    await fixture.app.db('kept_forms').delete();
    for (let n = 0; n < 12; n++) await person.post(`/bookings/${n}/cancel`, { reason: `${n}` });
    const rows = await fixture.app.db('kept_forms').select('action');
    expect(rows).to.have.length(10);
    expect(rows.map(({ action }) => action)).not.to.include('/bookings/0/cancel');
  });

  it('says that files have to be chosen again', async () => {
    const person = await fixture.signedIn(rita);
    const action = `/bookings/${bookingId}/documents`;
    await person.get(`/bookings/${bookingId}`);
    await endSessions();
    const body = new FormData();
    body.append('category', 'brief');
    body.append('files', new File(['A brief'], 'brief.txt'));
    const answer = await person.raw(action, { method: 'POST', body });
    expect(answer.status).to.equal(303);
    await signInAgain(person, rita);
    const again = await person.get(`/bookings/${bookingId}`);
    expect(again.text('.kept-notice')).to.contain('nothing was sent. Choose the files again.');
  });

  it('is there again in the console', async () => {
    const form = formAddress('bookings', bookingId);
    const person = await fixture.signedIn(sam);
    await person.get('/admin');
    const json = { accept: 'application/json', 'content-type': 'application/json' };
    const opened = openedIn(await (await person.raw(form, { headers: json })).json());
    await endSessions();
    const sent = { version: opened.version, notes: awkward };
    const answer = await person.raw(form, { method: 'POST', headers: json, body: JSON.stringify(sent) });
    expect(answer.status).to.equal(401);
    expect(await answer.json()).to.include({ code: 'not_signed_in', isKept: true });
    await signInAgain(person, sam);
    const again = await (await person.raw(form, { headers: json })).json();
    expect(openedIn(again).version).to.equal(sent.version);
    expect(openedIn(again).values).to.include({ notes: awkward });
    expect(JSON.stringify(again)).to.contain('nothing was sent');
  });

  it('leaves out passwords and codes', async () => {
    const person = await fixture.signedIn(rita);
    const page = await person.get('/account/email');
    const fields = { ...page.form('/account/email'), email: 'new@harbour-legal.example', password: 'secret' };
    await endSessions();
    await person.post('/account/email', fields);
    const [row] = await fixture.app.db('kept_forms').where({ action: '/account/email' }).select('fields');
    expect(row?.fields).to.deep.equal({ email: 'new@harbour-legal.example' });
    const views = path.resolve(import.meta.dirname, '../../views/account');
    const names = readdirSync(views).flatMap((file) =>
      [
        ...readFileSync(path.join(views, file), 'utf8').matchAll(
          /path: '(\w+)'[^}]*(?:type: 'password'|one-time-code)/g,
        ),
      ].map(([, name = '']) => name),
    );
    expect(names).to.include.members(['current', 'codesPassword', 'code']);
    for (const name of names) expect(isSecretField(name), name).to.equal(true);
  });
});

function controls(page: Visit, action: string): HtmlElement[] {
  const form = page.all('form').find((one) => one.getAttributeValue('action') === action);
  return form?.querySelectorAll('input, textarea, select') ?? [];
}

const typeOf = (control: HtmlElement) => control.getAttributeValue('type') ?? control.tagName;
const nameOf = (control: HtmlElement) => control.getAttributeValue('name') ?? '';

function formsWithFields(page: Visit): string[] {
  return page
    .all('form')
    .filter(
      (form) => form.getAttributeValue('method') === 'post' && form.getAttributeValue('enctype') === null,
    )
    .map((form) => form.getAttributeValue('action') ?? '')
    .filter((action) =>
      controls(page, action).some((control) => !['hidden', 'password'].includes(typeOf(control))),
    );
}

/** What a person could send: every field changed. */
function typeInto(page: Visit, action: string): [string, string][] {
  const last = new Map(controls(page, action).map((control) => [nameOf(control), control]));
  return controls(page, action).flatMap((control): [string, string][] => {
    const name = nameOf(control);
    switch (typeOf(control)) {
      case 'hidden':
        return [[name, control.getAttributeValue('value') ?? '']];
      case 'password':
        return [];
      case 'checkbox':
        return control.hasAttribute('checked') ? [] : [[name, control.getAttributeValue('value') ?? '']];
      case 'radio':
        return last.get(name) === control ? [[name, control.getAttributeValue('value') ?? '']] : [];
      case 'select':
        return [[name, control.querySelectorAll('option').at(-1)?.getAttributeValue('value') ?? '']];
      case 'textarea':
        return [[name, `${awkward}\n\n in ${name}`]];
      default:
        return [[name, `${awkward} in ${name}`]];
    }
  });
}

/** What the browser would send. */
function fieldsIn(page: Visit, action: string): [string, string][] {
  const shown = page.form(action);
  return controls(page, action).flatMap((control): [string, string][] => {
    const name = nameOf(control);
    const value = control.getAttributeValue('value') ?? '';
    if (typeOf(control) === 'password') return [];
    if (typeOf(control) === 'checkbox' || typeOf(control) === 'radio')
      return control.hasAttribute('checked') ? [[name, value]] : [];
    return [[name, shown[name] ?? '']];
  });
}
