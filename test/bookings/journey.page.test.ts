import { expect } from 'chai';
import { acuityDown } from '../support/fakes/acuity.ts';
import type { Visitor } from '../support/visitor.ts';
import {
  elevenOnTuesday,
  ewan,
  inUtc,
  offerTimes,
  openPageFixture,
  rita,
  tenOnTuesday,
  type PageFixture,
} from '../support/page-fixture.ts';

describe('first steps of the booking journey', () => {
  let fixture: PageFixture;
  let visitor: Visitor;

  before(async () => {
    fixture = await openPageFixture();
    offerTimes(fixture);
  });

  beforeEach(async () => {
    visitor = await fixture.signedIn(rita);
  });

  afterEach(() => fixture.acuity.recover());

  after(() => fixture.close());

  const bookingCount = async () => (await fixture.app.db('bookings').select('id')).length;

  it('keep what is typed before Continue, until the draft changes', async () => {
    const draftId = await fixture.draftAt(visitor, 'examinee');
    const step = `/bookings/new/${draftId}/examinee`;
    const keptFor = (await visitor.get(step)).attribute(`form[action="${step}"]`, 'data-keeps-for');
    const half = { ...ewan, firstName: 'Ewa', phone: '', 'dateOfBirth-month': '' };
    expect((await visitor.post(step, { ...half, keptFor })).status).to.equal(204);
    const again = (await visitor.get(step)).form(step);
    expect(again).to.include({
      firstName: 'Ewa',
      phone: '',
      'dateOfBirth-day': '27',
      'dateOfBirth-month': '',
    });
    // Not answered: the next step leads back here.
    expect((await visitor.get(`/bookings/new/${draftId}/check`)).at).to.equal(step);
    await visitor.post(step, ewan);
    // Sent before Continue, and late.
    await visitor.post(step, { ...half, keptFor });
    expect((await visitor.get(step)).form(step)).to.include({ firstName: 'Ewan', phone: '0412 345 678' });
  });

  it('offer the booking that was left unfinished, to its person only, until it is discarded', async () => {
    await fixture.app.db('booking_drafts').delete();
    await fixture.draftAt(visitor, 'time');
    const offered = '[aria-labelledby="unfinished-title"]';
    expect((await visitor.get('/bookings/new')).has(offered), 'nothing chosen yet').to.equal(false);
    const draftId = await fixture.draftAt(visitor, 'examinee');
    const step = `/bookings/new/${draftId}/examinee`;
    const keptFor = (await visitor.get(step)).attribute(`form[action="${step}"]`, 'data-keeps-for');
    await visitor.post(step, { firstName: 'Ewan', lastName: 'Marsh', keptFor });
    const page = await visitor.get('/bookings/new');
    expect(page.text(offered)).to.contain('Ewan Marsh').and.to.contain('9:00 am, Tuesday 1 December 2026');
    expect(page.attribute(`${offered} a`, 'href')).to.equal(step);
    const rob = await fixture.signedIn('rob@harbour-legal.example');
    await rob.post('/bookings/new', { discard: draftId });
    expect((await rob.get('/bookings/new')).has(offered)).to.equal(false);
    expect((await visitor.get('/bookings/new')).has(offered)).to.equal(true);
    const left = await visitor.post('/bookings/new', { discard: draftId });
    expect(left.at).to.equal('/bookings/new');
    expect(left.has(offered)).to.equal(false);
    expect((await visitor.get(step)).status).to.equal(410);
  });

  it('show times in the examination’s zone, and the reader’s beside them when they differ', async () => {
    const draftId = await fixture.draftAt(visitor, 'time');
    visitor.setCookie('tz', 'Australia%2FPerth');
    const perth = await visitor.get(`/bookings/new/${draftId}/time`);
    expect(perth.text('.zone-line')).to.contain('The smaller time is yours: Perth time (AWST, UTC+8)');
    expect(perth.texts('.slot-reader')[0]).to.equal('6:00 am your time');
    visitor.setCookie('tz', 'Australia%2FSydney');
    expect((await visitor.get(`/bookings/new/${draftId}/time`)).has('.slot-reader')).to.equal(false);
    visitor.setCookie('tz', 'Mars%2FOlympus');
    expect((await visitor.get(`/bookings/new/${draftId}/time`)).has('.slot-reader')).to.equal(false);
  });

  it('answer a fragment when htmx requests a part, and the whole page otherwise', async () => {
    const draftId = await fixture.draftAt(visitor, 'time');
    const path = `/bookings/new/${draftId}/time?month=2027-01`;
    const part = await visitor.get(path, { 'HX-Request-Type': 'partial' });
    expect(part.html).to.match(/^\s*<div id="picker"/);
    expect(part.text('.slot-time')).to.equal('2:00 pm');
    expect(part.headers.get('vary'))
      .to.match(/accept/i)
      .and.to.match(/hx-request-type/i);
    const whole = await visitor.get(path);
    expect(whole.title).to.equal('Choose a day and time – Examdesk');
    expect(whole.text('.slot-time')).to.equal('2:00 pm');
  });

  it('name every error, link it to its field and keep what was typed', async () => {
    const draftId = await fixture.draftAt(visitor, 'examinee');
    const page = await visitor.post(`/bookings/new/${draftId}/examinee`, {
      ...ewan,
      firstName: 'Ewan 😀',
      phone: '12',
      'dateOfBirth-day': '31',
      'dateOfBirth-month': '2',
      notes: 'a "quoted" <note>',
    });
    expect(page.status).to.equal(422);
    expect(page.title).to.match(/^Error: /);
    expect(page.dom.querySelector('.error-summary')?.hasAttribute('autofocus')).to.equal(true);
    const links = page.all('.error-summary a').map((link) => link.getAttributeValue('href'));
    expect(links).to.deep.equal(['#firstName', '#phone', '#dateOfBirth']);
    for (const link of links) expect(page.has(`${link}`), `${link}`).to.equal(true);
    const values = page.form(`/bookings/new/${draftId}/examinee`);
    expect(values).to.include({
      firstName: 'Ewan 😀',
      phone: '12',
      'dateOfBirth-day': '31',
      lastName: 'Marsh',
    });
    expect(values.notes).to.equal('a "quoted" <note>');
  });

  it('accept a single name and a phone number with an extension', async () => {
    const draftId = await fixture.draftAt(visitor, 'examinee');
    const fields = { ...ewan, firstName: '', lastName: 'Suharto', phone: '02 9374 4000 x55' };
    const review = await visitor.post(`/bookings/new/${draftId}/examinee`, fields);
    const facts = review.all('dd').map((fact) => fact.textContent);
    expect(facts).to.include.members(['Suharto', '02 9374 4000 x55']);
  });

  it('accept a date of birth as typed, and ask for the century of a year with two digits', async () => {
    const draftId = await fixture.draftAt(visitor, 'examinee');
    const address = `/bookings/new/${draftId}/examinee`;
    const born = (day: string, month: string, year: string) =>
      visitor.post(address, {
        ...ewan,
        lastName: 'O\u2013Marsh\u200b',
        'dateOfBirth-day': day,
        'dateOfBirth-month': month,
        'dateOfBirth-year': year,
      });
    const asked = await born('27', '3', '84');
    expect(asked.status).to.equal(422);
    expect(asked.text('#dateOfBirth-error')).to.contain('Do you mean 27 March 1984?');
    expect(asked.form(address)).to.include({ 'dateOfBirth-day': '27', 'dateOfBirth-year': '84' });
    for (const [day, month, year] of [
      ['27', 'March', '1984'],
      ['27-03-1984', '', ''],
    ] as const) {
      const review = await born(day, month, year);
      const facts = review.all('dd').map((fact) => fact.textContent);
      expect(facts).to.include.members(['27 March 1984', 'O-Marsh']);
    }
  });

  for (const [what, fields, path] of [
    [
      'a list for a name',
      [
        ['firstName', 'A'],
        ['firstName', 'B'],
      ],
      '#firstName',
    ],
    ['a control character', [['firstName', 'E\u0007wan']], '#firstName'],
    ['half a date', [['dateOfBirth-day', '3']], '#dateOfBirth'],
    [
      'a date to come',
      [
        ['dateOfBirth-day', '3'],
        ['dateOfBirth-month', '3'],
        ['dateOfBirth-year', '2036'],
      ],
      '#dateOfBirth',
    ],
    ['a nonsense e-mail', [['email', 'ewan@']], '#email'],
    ['an interpreter without a language', [['interpreterLanguage-answer', 'yes']], '#interpreterLanguage'],
    ['an endless claim number', [['claimNumber', 'x'.repeat(61)]], '#claimNumber'],
    ['an endless note', [['notes', 'x'.repeat(2001)]], '#notes'],
  ] as [string, [string, string][], string][]) {
    it(`refuse ${what} with a message at its field`, async () => {
      const draftId = await fixture.draftAt(visitor, 'examinee');
      const changed = new Set(fields.map(([name]) => name));
      const blankDay = Object.keys(ewan).filter((name) => name.startsWith('dateOfBirth'));
      const rest = Object.entries(ewan).filter(([name]) => !changed.has(name) && !blankDay.includes(name));
      const page = await visitor.post(`/bookings/new/${draftId}/examinee`, [...rest, ...fields]);
      expect(page.status).to.equal(422);
      expect(page.all('.error-summary a').map((link) => link.getAttributeValue('href'))).to.deep.equal([
        path,
      ]);
      expect(page.text(`${path}-error`)).to.match(/^Error: \S/);
    });
  }

  it('ask for a time, on the day that was shown, when none was chosen', async () => {
    const draftId = await fixture.draftAt(visitor, 'time');
    const page = await visitor.post(`/bookings/new/${draftId}/time`, { day: '2027-01-12' });
    expect(page.status).to.equal(422);
    expect(page.text('.error-summary a')).to.equal('Choose a time');
    expect(page.text('.day-title')).to.equal('Tuesday 12 January 2027');
    expect(page.has('#startsAt')).to.equal(true);
  });

  for (const startsAt of ['yesterday', '2026-12-01T09:00', '2026-13-01T09:00:00Z']) {
    it(`refuse “${startsAt}” as a time`, async () => {
      const draftId = await fixture.draftAt(visitor, 'time');
      const page = await visitor.post(`/bookings/new/${draftId}/time`, { startsAt });
      expect(page.status).to.equal(422);
    });
  }

  it('say at once when a chosen time is not free', async () => {
    const draftId = await fixture.draftAt(visitor, 'time');
    const page = await visitor.post(`/bookings/new/${draftId}/time`, { startsAt: '2026-12-01T04:00:00Z' });
    expect(page.status).to.equal(422);
    expect(page.text('.error-summary')).to.contain('3:00 pm, Tuesday 1 December 2026 is not free');
  });

  for (const query of ['month=2026-13', 'day=2026-02-30', 'day=2026-12-01&day=2026-12-02']) {
    it(`answer 422 for ?${query}`, async () => {
      const draftId = await fixture.draftAt(visitor, 'time');
      expect((await visitor.get(`/bookings/new/${draftId}/time?${query}`)).status).to.equal(422);
    });
  }

  it('redirect to the first missing step when a later one is opened', async () => {
    const early = await fixture.draftAt(visitor, 'time');
    expect((await visitor.get(`/bookings/new/${early}/check`)).at).to.equal(`/bookings/new/${early}/time`);
    const later = await fixture.draftAt(visitor, 'examinee');
    expect((await visitor.get(`/bookings/new/${later}/check`)).at).to.equal(
      `/bookings/new/${later}/examinee`,
    );
    const posted = await visitor.post('/bookings', { draftId: later, idempotencyKey: 'k' });
    expect(posted.at).to.equal(`/bookings/new/${later}/examinee`);
    expect(await bookingCount()).to.equal(0);
  });

  it('keep the examinee when the time or the specialist is changed', async () => {
    const draftId = await fixture.draftAt(visitor, 'check');
    const moved = await visitor.post(`/bookings/new/${draftId}/time`, { startsAt: inUtc(tenOnTuesday) });
    expect(moved.at).to.equal(`/bookings/new/${draftId}/check`);
    const choose = await visitor.get(`/bookings/new?draft=${draftId}`);
    expect(choose.text('.specialist-chosen .specialist-name')).to.equal('Dr Amelia Hart');
    const bruno = await fixture.specialistId('Dr Bruno Keller');
    fixture.acuity.offer(7002, elevenOnTuesday);
    const time = await visitor.post('/bookings/new', { draftId, specialistId: bruno, type: 'telehealth' });
    expect(time.at).to.equal(`/bookings/new/${draftId}/time`);
    const check = await visitor.post(`/bookings/new/${draftId}/time`, { startsAt: inUtc(elevenOnTuesday) });
    expect(check.texts('.summary-list dd')).to.include('Ewan');
    expect(check.texts('.summary-list dd')).to.include('Telehealth, 60 minutes');
  });

  it('show a message when free times cannot be read', async () => {
    const draftId = await fixture.draftAt(visitor, 'time');
    fixture.acuity.failWith(acuityDown);
    const page = await visitor.get(`/bookings/new/${draftId}/time?month=2027-02`);
    expect(page.status).to.equal(503);
    expect(page.text('.panel')).to.contain('We can’t reach the calendar right now');
    const [path, query] = page.attribute('.panel a', 'href').split('?');
    expect(path).to.equal(`/bookings/new/${draftId}/time`);
    expect(new URLSearchParams(query).get('month')).to.equal('2027-02');
  });

  it('say how old the times are when an older list is shown', async () => {
    const draftId = await fixture.draftAt(visitor, 'time');
    await visitor.get(`/bookings/new/${draftId}/time`);
    fixture.clock.at = new Date(fixture.clock.at.getTime() + 12 * 60_000);
    fixture.acuity.failWith(acuityDown);
    const page = await visitor.get(`/bookings/new/${draftId}/time`);
    expect(page.status).to.equal(200);
    expect(page.headers.get('x-cache')).to.equal('STALE');
    expect(page.text('.notice')).to.contain('Free times as of 12 minutes ago');
  });

  it('return to the step after signing in when the session had ended', async () => {
    const draftId = await fixture.draftAt(visitor, 'examinee');
    const step = `/bookings/new/${draftId}/examinee`;
    await visitor.get(step);
    visitor.forgetCookies();
    const signIn = await visitor.post(step, ewan);
    expect(signIn.at).to.equal(`/sign-in?next=${encodeURIComponent(step)}`);
    const back = await visitor.post('/sign-in', {
      ...signIn.form('/sign-in'),
      email: rita,
      password: 'examdesk-demo',
    });
    expect(back.at).to.equal(step);
  });

  it('send htmx to the sign-in page instead of swapping it into the calendar', async () => {
    const draftId = await fixture.draftAt(visitor, 'time');
    visitor.forgetCookies();
    const part = await visitor.get(`/bookings/new/${draftId}/time?month=2027-01`, {
      'HX-Request-Type': 'partial',
    });
    expect(part.status).to.equal(401);
    expect(part.headers.get('hx-redirect')).to.match(/^\/sign-in\?next=/);
  });

  it('refuse everybody except referrers', async () => {
    const staff = await fixture.signedIn('sam@examdesk.example');
    expect((await staff.get('/bookings/new')).status).to.equal(403);
    expect((await staff.get('/')).has('a[href="/bookings/new"]')).to.equal(false);
  });

  it('find specialists by name, place and kind', async () => {
    expect((await visitor.get('/bookings/new?q=perth&type=')).texts('.specialist-name')).to.deep.equal([
      'Dr Chen Wei',
    ]);
    const telehealth = await visitor.get('/bookings/new?type=telehealth');
    expect(telehealth.texts('.specialist-types').join()).not.to.contain('In person');
    expect((await visitor.get('/bookings/new?q=nobody-of-that-name')).text('.empty')).to.contain(
      'No specialists found',
    );
    expect((await visitor.get('/bookings/new?type=teleport')).status).to.equal(422);
  });
});
