import { expect } from 'chai';
import { parseCsv } from '../../src/lib/csv.ts';
import { acuityDown } from '../support/fakes/acuity.ts';
import { markupErrors, type Visitor } from '../support/visitor.ts';
import {
  amelia,
  ewan,
  inUtc,
  nadia,
  nineOnTuesday,
  openPageFixture,
  rita,
  sam,
  type PageFixture,
} from '../support/page-fixture.ts';
import { withoutIds } from '../support/same-page.ts';

const elevenOnWednesday = '2026-12-02T11:00:00+11:00';
const tenOnThursday = '2026-12-03T10:00:00+11:00';
const threeOnFriday = '2026-12-04T15:00:00+11:00';

describe('booking pages', () => {
  let fixture: PageFixture;
  let visitor: Visitor;
  let bookingPath: string;

  before(async () => {
    fixture = await openPageFixture();
    fixture.acuity.offer(amelia, nineOnTuesday, elevenOnWednesday, threeOnFriday);
    visitor = await fixture.signedIn(rita);
    bookingPath = await book({});
    await book(
      {
        firstName: 'Priya',
        lastName: 'Natarajan',
        claimNumber: '',
        'interpreterLanguage-answer': 'yes',
        interpreterLanguage: 'Tamil',
      },
      elevenOnWednesday,
    );
  });

  after(() => fixture.close());

  async function book(
    examinee: Record<string, string>,
    startsAt = nineOnTuesday,
    by = visitor,
  ): Promise<string> {
    const draftId = await fixture.draftAt(by, 'time');
    await by.post(`/bookings/new/${draftId}/time`, { startsAt: inUtc(startsAt) });
    const check = await by.post(`/bookings/new/${draftId}/examinee`, { ...ewan, ...examinee });
    const done = await by.post('/bookings', check.form('/bookings'));
    return done.at.replace('?confirmed', '');
  }

  it('list the organisation’s bookings, next examination first, with what one acts on', async () => {
    const list = await visitor.get('/bookings');
    expect(list.texts('.rows tbody tr td:first-child .row-day')).to.deep.equal([
      'Tue 1 Dec 2026',
      'Wed 2 Dec 2026',
    ]);
    expect(list.texts('.rows tbody tr')[0])
      .to.match(/9:00\sam AEDT/)
      .and.contain('In person')
      .and.contain('+61 412 345 678')
      .and.contain('Rita Alvarez');
    const rob = await fixture.signedIn('rob@harbour-legal.example');
    expect((await rob.get('/bookings')).texts('.row-link')).to.have.length(2);
  });

  it('show nothing to another organisation, not even that a booking exists', async () => {
    const other = await fixture.signedIn(nadia);
    const list = await other.get('/bookings');
    expect(list.text('.empty')).to.contain('No bookings yet');
    const unknown = '/bookings/00000000-0000-7000-8000-000000000000';
    for (const tail of ['', '/reschedule', '/cancel', '/calendar.ics']) {
      const page = await other.get(bookingPath + tail);
      expect(page.status, tail).to.equal(404);
      expect(page.html, tail).not.to.contain('Ewan');
      expect(withoutIds(page.html), tail).to.equal(withoutIds((await other.get(unknown + tail)).html));
    }
    expect((await other.post(`${bookingPath}/cancel`, { reason: '' })).status).to.equal(404);
  });

  it('search by name without putting the name in the URL', async () => {
    const list = await visitor.get('/bookings');
    const found = await visitor.post('/bookings/search', {
      ...list.form('/bookings/search'),
      q: 'natarajan',
    });
    expect(found.at).to.match(/^\/bookings\?find=[\w-]+$/);
    expect(found.at).not.to.match(/natarajan/i);
    expect(found.texts('.row-link')).to.have.length(1);
    expect(found.text('.chip')).to.contain('“natarajan”');
    expect(found.attribute('#q', 'value')).to.equal('natarajan');
    expect((await visitor.get(found.attribute('.chip', 'href'))).texts('.row-link')).to.have.length(2);
    expect(fixture.app.logLines.join('\n')).not.to.match(/natarajan/i);
  });

  it('take plain words out of the address of a link or a bookmark, and keep its filters', async () => {
    const found = await visitor.get('/bookings?status=active&q=natarajan');
    expect(found.at).to.match(/^\/bookings\?status=active&find=[\w-]+$/);
    expect(found.texts('.row-link')).to.have.length(1);
    expect(found.attribute('#q', 'value')).to.equal('natarajan');
    for (const link of found.all('a')) expect(link.getAttributeValue('href')).not.to.match(/natarajan/i);
  });

  it('do not open a search that another person encrypted', async () => {
    const found = await visitor.post('/bookings/search', { q: 'natarajan' });
    const other = await fixture.signedIn(nadia);
    const page = await other.get(found.at);
    expect(page.at).to.equal('/bookings');
    expect(page.html).not.to.contain('natarajan');
  });

  it('filter by the URL’s query, and offer a link to remove each filter', async () => {
    const page = await visitor.get('/bookings?from=2026-12-02&status=active&progress=scheduled');
    expect(page.texts('.row-link')).to.have.length(1);
    expect(page.texts('.chip').map((text) => text.replace(/^Remove the filter | ×$/g, ''))).to.deep.equal([
      'Scheduled',
      'Status: Active',
      'From Wednesday 2 December 2026',
    ]);
    expect((await visitor.get('/bookings?progress=no_show')).text('.empty')).to.contain('No bookings match');
  });

  it('filter by whether an interpreter is needed', async () => {
    const needed = await visitor.get('/bookings?interpreter=yes');
    expect(needed.texts('.row-day')).to.deep.equal(['Wed 2 Dec 2026']);
    expect(needed.text('.chip')).to.contain('Interpreter needed');
    expect(needed.attribute('#interpreter option[selected]', 'value')).to.equal('yes');
    const others = await visitor.get('/bookings?interpreter=no');
    expect(others.texts('.row-day')).to.deep.equal(['Tue 1 Dec 2026']);
    const priya = await visitor.get(needed.attribute('.row-link', 'href'));
    expect(priya.texts('.summary-list div')).to.include('Interpreter languageTamil');
    expect((await visitor.get(bookingPath)).texts('.summary-list div')).to.include(
      'Interpreter languageNo interpreter needed',
    );
  });

  for (const query of [
    'status=gone',
    'from=2026-02-30',
    'from=2026-12-02&to=2026-12-01',
    'status=active&status=closed',
    'limit=0',
    'interpreter=perhaps',
    'view=tiles',
  ]) {
    it(`answer 422 with a message for ?${query}`, async () => {
      const page = await visitor.get(`/bookings?${query}`);
      expect(page.status).to.equal(422);
      expect(page.title).to.match(/^Error: /);
      expect(page.texts('.error-summary li')[0]).to.match(/\S/);
    });
  }

  it('keep the filter when the reader turns the page', async () => {
    const first = await visitor.get('/bookings?limit=1&status=active');
    expect(first.texts('.row-link')).to.have.length(1);
    const href = first.attribute('a[rel="next"]', 'href');
    expect(href).to.contain('status=active').and.to.contain('limit=1');
    const second = await visitor.get(href);
    expect(second.texts('.row-day')).to.deep.equal(['Wed 2 Dec 2026']);
    expect(second.has('a[rel="next"]')).to.equal(false);
    expect((await visitor.get('/bookings?cursor=nonsense')).at).to.equal('/bookings');
  });

  it('have a tab for today, what is to come, what was, and what needs somebody', async () => {
    const first = await visitor.get('/bookings');
    expect(first.texts('.tabs a')).to.deep.equal(['All', 'Today 0', 'Upcoming 2', 'Past 0', 'Needs you 2']);
    expect(first.text('.tabs [aria-current]')).to.equal('All');
    const needing = await visitor.get(first.attribute('.tabs a:last-child', 'href'));
    expect(needing.at).to.equal('/bookings?tab=needs_you');
    expect(needing.texts('.list-progress')[0]).to.match(/^(Due|Late).*consent form and brief/);
    fixture.clock.at = new Date('2026-12-01T12:00:00+11:00');
    try {
      const noon = await visitor.get('/bookings');
      expect(noon.texts('.tabs a').slice(1, 4)).to.deep.equal(['Today 1', 'Upcoming 1', 'Past 1']);
      expect(noon.texts('.rows tbody tr').map((text) => text.slice(0, 5))).to.deep.equal([
        'Wed 2',
        'Past',
        'Tue 1',
      ]);
      const days = async (tab: string) => (await visitor.get(`/bookings?tab=${tab}`)).texts('.row-day');
      expect(await days('today')).to.deep.equal(['Tue 1 Dec 2026']);
      expect(await days('upcoming')).to.deep.equal(['Wed 2 Dec 2026']);
      expect(await days('past')).to.deep.equal(['Tue 1 Dec 2026']);
      expect((await visitor.get('/bookings?tab=today&status=closed')).text('.empty')).to.contain(
        'No bookings match',
      );
    } finally {
      fixture.clock.at = new Date('2026-11-23T09:00:00+11:00');
    }
    expect((await visitor.get('/bookings?tab=today')).text('.empty')).to.contain('No examinations today');
    const staff = await fixture.signedIn(sam);
    expect((await staff.get('/bookings')).text('.tabs')).not.to.contain('Needs you');
    expect((await staff.get('/bookings?tab=needs_you')).at).to.equal('/bookings');
  });

  it('lead from a row’s action back to the list as it was', async () => {
    fixture.acuity.offer(amelia, '2027-02-15T09:00:00+11:00', '2027-02-16T09:00:00+11:00');
    await book({ lastName: 'Back' }, '2027-02-15T09:00:00+11:00');
    const list = await visitor.get('/bookings?tab=upcoming&from=2027-02-14');
    const actions = list
      .all('.row-actions a')
      .map((link) => link.getAttributeValue('href')?.replaceAll('&amp;', '&') ?? '');
    const [reschedule = '', documents = '', calendar = '', cancel = ''] = actions;
    expect(documents).to.match(/#documents$/);
    const upload = await visitor.get(documents);
    const ownList = '/bookings?tab=upcoming&from=2027-02-14';
    expect(upload.attribute('.eyebrow a', 'href')).to.equal(ownList);
    expect(upload.attribute('#documents > p > a', 'href')).to.equal(ownList);
    // Without JavaScript: the refused form, as the page after an upload, still knows the list.
    const refused = await visitor.post(upload.attribute('.document-upload button', 'formaction'), {});
    expect(refused.status).to.be.oneOf([415, 422]);
    expect(refused.attribute('.eyebrow a', 'href')).to.equal(ownList);
    expect((await visitor.get(calendar)).headers.get('content-type')).to.match(/^text\/calendar/);
    const picker = await visitor.get(reschedule);
    expect(picker.attribute('.day-free', 'href')).to.contain('back=');
    const moved = await visitor.post(picker.attribute('.day-times form', 'action'), {
      startsAt: inUtc('2027-02-16T09:00:00+11:00'),
    });
    expect(moved.at).to.match(/^\/bookings\?tab=upcoming&from=2027-02-14&rescheduled=EX-\w{6}$/);
    expect(moved.text('.notice')).to.contain('was moved');
    expect(moved.texts('.row-day')).to.deep.equal(['Tue 16 Feb 2027']);
    const form = await visitor.get(cancel);
    expect(form.attribute('.actions a', 'href')).to.equal('/bookings?tab=upcoming&from=2027-02-14');
    const cancelled = await visitor.post(form.attribute('form[autocomplete]', 'action'), { reason: '' });
    expect(cancelled.text('.notice')).to.contain('was cancelled');
    expect(cancelled.at).not.to.contain('rescheduled');
    for (const back of [
      'https://elsewhere.example/bookings',
      '//elsewhere.example',
      '/account',
      '/bookings/x',
    ])
      expect(
        (await visitor.get(`${bookingPath}/cancel?back=${encodeURIComponent(back)}`)).attribute(
          '.actions a',
          'href',
        ),
      ).to.equal(bookingPath);
  });

  it('save the list with its filters as a table, whose cells no spreadsheet runs', async () => {
    const { db } = fixture.app;
    const id = bookingPath.split('/')[2] ?? '';
    await db('bookings').where({ id }).update({ claim_number: '=1+1' });
    const list = await visitor.get(
      '/bookings?specialistId=' + (await fixture.specialistId('Dr Amelia Hart')),
    );
    const found = await visitor.post('/bookings/search', { ...list.form('/bookings/search'), q: 'marsh' });
    const href = found.attribute('.list-foot a', 'href');
    expect(href)
      .to.match(/^\/bookings\/export\.csv\?/)
      .and.not.match(/marsh/i);
    const answer = await visitor.raw(href);
    expect(answer.headers.get('content-type')).to.equal('text/csv; charset=utf-8');
    const rows = [...parseCsv((await answer.text()).replace('\uFEFF', ''))].map(({ cells }) => cells);
    const [columns = [], ...bookings] = rows;
    expect(bookings).to.have.length(1);
    const cell = (name: string) => bookings[0]?.[columns.indexOf(name)];
    expect(cell('Day')).to.equal('2026-12-01');
    expect(cell('Time')).to.equal('09:00');
    expect(cell('Time zone')).to.equal('Australia/Sydney');
    expect(cell('Last name')).to.equal('Marsh');
    expect(cell('Date of birth')).to.match(/^\d{4}-\d\d-\d\d$/);
    expect(cell('Claim number')).to.equal("'=1+1");
    await db('bookings').where({ id }).update({ claim_number: 'CL-2207' });
    const exported = await db('audit_log')
      .where({ action: 'records.exported' })
      .orderBy('id', 'desc')
      .first();
    expect(exported?.resource_type).to.equal('list');
    expect(exported?.metadata).to.deep.equal({
      table: 'bookings',
      filteredBy: ['specialistId', 'q', 'tab', 'today'],
    });
    const other = await fixture.signedIn(nadia);
    expect((await other.raw(href)).status).to.equal(404);
    expect((await (await other.raw('/bookings/export.csv')).text()).trim().split('\n')).to.have.length(1);
    expect((await (await fixture.signedIn(sam)).raw('/bookings/export.csv')).status).to.equal(403);
  });

  it('keep the filters in every view', async () => {
    const found = await visitor.post('/bookings/search', { q: 'natarajan', status: 'active' });
    const week = await visitor.get(`${found.at}&view=week&day=2026-12-03`);
    expect(week.text('.calendar h2')).to.match(/^30 November.–.6 December 2026$/);
    expect(week.texts('.calendar-entry')).to.deep.equal(['11:00 am Priya Natarajan']);
    expect(week.attribute('.month-step-next', 'href'))
      .to.contain('day=2026-12-07')
      .and.contain('status=active')
      .and.contain('find=');
    const views = week
      .all('.views a')
      .map((link) => link.getAttributeValue('href')?.replaceAll('&amp;', '&') ?? '');
    for (const [index, rows] of [1, 0, 0].entries()) {
      const view = await visitor.get(views[index] ?? '');
      expect(view.texts('.list-name'), view.at).to.have.length(rows);
      expect(view.text('.chips'), view.at).to.contain('natarajan').and.contain('Active');
      expect(await markupErrors(view)).to.deep.equal([]);
    }
    const agenda = await visitor.get('/bookings?view=agenda&day=2026-12-01');
    expect(agenda.texts('.list-day h3')).to.deep.equal([
      'Tuesday 1 December 2026',
      'Wednesday 2 December 2026',
    ]);
    const day = await visitor.get('/bookings?view=day&day=2026-12-02');
    expect(day.texts('.list-name')).to.deep.equal(['Priya Natarajan']);
    expect(day.attribute('.month-step-previous', 'href')).to.equal('/bookings?view=day&day=2026-12-01');
    for (const page of [agenda, day, week]) expect(await markupErrors(page)).to.deep.equal([]);
  });

  it('begin with the days of the filter when today is not one of them', async () => {
    const days = async (view: string, filter: string) =>
      (await visitor.get(`/bookings?view=${view}&${filter}`)).text('.calendar-head h2');
    const ahead = 'from=2027-04-01&to=2027-04-10';
    expect(await days('agenda', ahead)).to.match(/^1\D{1,3}14 April 2027$/);
    expect(await days('week', ahead)).to.match(/^29 March\D{1,3}4 April 2027$/);
    expect(await days('day', ahead)).to.equal('Thursday 1 April 2027');
    expect(await days('calendar', ahead)).to.equal('April 2027');
    expect(await days('calendar', 'to=2026-03-20')).to.equal('March 2026');
    expect(await days('day', `${ahead}&day=2027-04-03`)).to.equal('Saturday 3 April 2027');
    expect(await days('calendar', 'from=2026-01-01')).to.equal(await days('calendar', ''));
  });

  it('also show bookings as a month', async () => {
    const month = await visitor.get('/bookings?view=calendar&month=2026-12');
    expect(month.texts('.calendar-entry')).to.deep.equal(['9:00 am Ewan Marsh', '11:00 am Priya Natarajan']);
    expect(month.attribute('.month-step-next', 'href')).to.equal('/bookings?view=calendar&month=2027-01');
    expect(month.text('.calendar-none')).to.equal('Times are Sydney time.');
    expect((await visitor.get('/bookings?view=calendar')).text('.calendar h2')).to.equal('November 2026');
    expect((await visitor.get('/bookings?view=calendar&month=2026-00')).status).to.equal(422);
  });

  it('sort a day of the month by the clocks of its examinations, and name their zones', async () => {
    const columns = await fixture.app.db('bookings').orderBy('starts_at').first();
    // The database generates these.
    const { search_text: _, search_lexemes: __, ...first } = columns as unknown as Record<string, unknown>;
    // By the instant 11:00 in Sydney (8:00 in Perth) comes first, and 1:00 am in Auckland is the day before in Perth.
    const times = [
      ['Australia/Perth', '2027-01-12T09:00:00+08:00', 'Perth'],
      ['Australia/Sydney', '2027-01-12T11:00:00+11:00', 'Sydney'],
      ['Pacific/Auckland', '2027-01-12T10:00:00+13:00', 'Auckland'],
      ['Pacific/Auckland', '2027-01-13T01:00:00+13:00', 'Night'],
    ] as const;
    for (const [index, [timezone, startsAt, name]] of times.entries())
      await fixture.app.db('bookings').insert({
        ...first,
        id: crypto.randomUUID(),
        reference: `EX-ZZZZ${index + 2}Z`,
        acuity_appointment_id: 990_000 + index,
        timezone,
        starts_at: startsAt,
        examinee_first_name: '',
        examinee_last_name: name,
      } as never);
    const month = await visitor.get('/bookings?view=calendar&month=2027-01');
    const days = month
      .all('.calendar-busy')
      .map((day) => [
        day.querySelector('time')?.getAttributeValue('datetime'),
        ...day
          .querySelectorAll('.calendar-entry')
          .map((one) => one.textContent.replaceAll(/\s+/g, ' ').trim()),
      ]);
    expect(days).to.deep.equal([
      ['2027-01-12', '9:00 am AWST Perth', '10:00 am NZDT Auckland', '11:00 am AEDT Sydney'],
      ['2027-01-13', '1:00 am NZDT Night'],
    ]);
    expect(month.text('.calendar-none')).to.contain('in the zone beside it');
    await fixture.app.database.owner('bookings').whereLike('reference', 'EX-ZZZZ%').delete();
  });

  it('say from when to when a booking was moved, and offer no calendar file once it is cancelled', async () => {
    fixture.acuity.offer(amelia, '2026-12-07T09:00:00+11:00', '2026-12-08T10:30:00+11:00');
    const path = await book({}, '2026-12-07T09:00:00+11:00');
    await visitor.post(`${path}/reschedule`, { startsAt: inUtc('2026-12-08T10:30:00+11:00') });
    visitor.setCookie('tz', 'Australia%2FPerth');
    const moved = await visitor.get(path);
    visitor.setCookie('tz', 'Australia%2FSydney');
    expect(moved.texts('.timeline-moved')).to.deep.equal([
      'From 9:00 am, Mon 7 Dec 2026 to 10:30 am, Tue 8 Dec 2026, Sydney time',
    ]);
    const json = await visitor.raw(path, { headers: { accept: 'application/json' } });
    const { progress } = (await json.json()) as { progress: { moved: unknown }[] };
    expect(progress.map((entry) => entry.moved)).to.deep.equal([
      null,
      { from: '2026-12-06T22:00:00.000Z', to: '2026-12-07T23:30:00.000Z' },
    ]);
    expect(moved.has('#booking-calendar')).to.equal(true);
    await visitor.post(`${path}/cancel`, { reason: '' });
    const cancelled = await visitor.get(path);
    expect(cancelled.has('#booking-calendar')).to.equal(false);
    expect(cancelled.html).not.to.match(/calendar\.ics|Add to calendar/);
    // Whoever has the address still gets the file that removes it from their calendar.
    expect((await visitor.get(`${path}/calendar.ics`)).html).to.contain('METHOD:CANCEL');
  });

  it('show everything about one booking, and who did what', async () => {
    const page = await visitor.get(bookingPath);
    expect(page.title).to.match(/^Ewan Marsh · Dr Hart · Tue 1 Dec, 9:00\sam – Examdesk$/);
    expect(page.text('h1')).to.match(/^Ewan Marsh · Dr Hart · Tue 1 Dec, 9:00\sam$/);
    expect(page.text('code.reference')).to.match(/^EX-\w{6}$/);
    expect(page.text('#booking-next')).to.contain('The examination is');
    expect(page.texts('.summary-list dd')).to.include.members([
      '9:00 am, Tuesday 1 December 2026Sydney time (AEDT, UTC+11)',
      'In person, 60 minutes',
      'Level 8, 210 George Street, Sydney NSW 2000',
      'Ewan Marsh',
      '+61 412 345 678',
      '27 March 1984',
      'CL-2207',
    ]);
    expect(page.texts('.timeline-what')).to.deep.equal(['Scheduled']);
    expect(page.text('.timeline-who')).to.contain('by Rita Alvarez');
    expect(page.has('.confirmation')).to.equal(false);
    const ics = await visitor.get(page.attribute('.head-actions a', 'href'));
    expect(ics.headers.get('content-type')).to.match(/^text\/calendar/);
  });

  it('name the admin who acted as the referrer', async () => {
    const { id } = (await fixture.app.db('users').where({ email: nadia }).first('id')) as { id: string };
    const ada = await fixture.signedIn('ada@examdesk.example');
    await ada.post('/admin/impersonate', { userId: id, reason: 'Nadia is on the phone' });
    fixture.acuity.offer(amelia, tenOnThursday);
    const assisted = await book({}, tenOnThursday, ada);
    const page = await (await fixture.signedIn(nadia)).get(assisted);
    expect(page.text('.timeline-who')).to.contain('by Nadia Karim, assisted by Ada Lindqvist');
  });

  it('show staff every organisation’s bookings', async () => {
    const staff = await fixture.signedIn(sam);
    const page = await staff.get(bookingPath);
    expect(page.texts('.summary-list dd')).to.include('Harbour Legal');
  });

  it('show the next examinations on the home page', async () => {
    const home = await visitor.get('/');
    expect(home.text('h1')).to.equal('Hello, Rita');
    expect(home.texts('.row-day')).to.deep.equal(['Tue 1 Dec 2026', 'Wed 2 Dec 2026']);
    expect((await fixture.visitor().get('/')).text('h1')).to.contain('Independent medical examinations');
  });

  describe('when a booking is changed', () => {
    let path: string;

    before(async () => {
      path = await book({ lastName: 'Okafor' }, threeOnFriday);
      fixture.acuity.offer(amelia, '2026-12-09T10:00:00+11:00', '2026-12-10T10:00:00+11:00');
    });

    it('say that nothing was changed when Acuity is unreachable', async () => {
      fixture.acuity.failWith(acuityDown);
      const cancel = await visitor.post(`${path}/cancel`, { reason: 'Settled' });
      fixture.acuity.recover();
      expect(cancel.status).to.equal(503);
      expect(cancel.text('.panel')).to.contain('Nothing was changed');
      expect(cancel.form(`${path}/cancel`).reason).to.equal('Settled');
    });

    it('move a booking with the same time picker as the journey', async () => {
      const page = await visitor.get(`${path}/reschedule`);
      expect(page.text('.choice'), 'whose it is').to.contain('Ewan Okafor');
      expect(page.text('.choice')).to.contain('3:00 pm');
      const nothing = await visitor.post(`${path}/reschedule`, { day: '2026-12-10' });
      expect(nothing.status).to.equal(422);
      expect(nothing.text('.day-title')).to.equal('Thursday 10 December 2026');
      const moved = await visitor.post(`${path}/reschedule`, {
        startsAt: inUtc('2026-12-09T10:00:00+11:00'),
      });
      expect(moved.at).to.equal(`${path}?rescheduled`);
      expect(moved.text('.notice')).to.contain('The booking was moved');
      expect(moved.texts('.timeline-what')).to.deep.equal(['Rescheduled', 'Scheduled']);
      expect(moved.texts('.summary-list dd')[0]).to.contain('10:00 am, Wednesday 9 December 2026');
    });

    it('name the taken time when the new time is taken', async () => {
      const taken = await visitor.post(`${path}/reschedule`, { startsAt: inUtc(nineOnTuesday) });
      expect(taken.status).to.equal(409);
      expect(taken.text('.panel')).to.contain('9:00 am, Tuesday 1 December 2026');
      expect(taken.text('.panel')).to.match(
        /The booking keeps its time: 10:00\sam, Wednesday 9 December 2026 \(Sydney time\)\./,
      );
      expect(taken.text('.panel')).not.to.contain('Nothing was booked');
      expect(taken.has(`form[action='${path}/reschedule']`), 'moves at once').to.equal(false);
    });

    it('show a nearest free time chosen, and move nothing, when it is followed', async () => {
      const taken = await visitor.post(`${path}/reschedule`, { startsAt: inUtc(nineOnTuesday) });
      const nearest = taken.attribute('.nearest a', 'href');
      const picker = await visitor.get(nearest);
      expect(picker.text('h1')).to.equal('Choose another time');
      const { startsAt = '' } = picker.form(`${path}/reschedule`);
      expect(nearest).to.contain(encodeURIComponent(startsAt));
      expect(startsAt).to.match(/Z$/);
      expect((await visitor.get(path)).texts('.timeline-what')).to.deep.equal(['Rescheduled', 'Scheduled']);
    });

    it('say that a booking cannot be moved when the specialist no longer offers its kind', async () => {
      const services = fixture.app.db('specialist_services');
      const rows = await services.clone();
      await services.clone().where({ type: 'in_person' }).delete();
      try {
        const page = await visitor.get(`${path}/reschedule`);
        expect(page.status).to.equal(409);
        expect(page.text('.panel'))
          .to.contain('This booking cannot be moved here')
          .and.contain('call the agency');
        expect(page.texts('.picker')).to.deep.equal([]);
        expect(await markupErrors(page)).to.deep.equal([]);
        const part = await visitor.raw(`${path}/reschedule?month=2026-12`, {
          headers: { accept: 'text/html', 'hx-request-type': 'partial' },
        });
        expect([part.status, part.headers.get('hx-redirect')]).to.deep.equal([409, `${path}/reschedule`]);
        for (const startsAt of ['2026-12-09T11:00:00+11:00', '2026-12-10T15:00:00+11:00']) {
          const sent = await visitor.post(`${path}/reschedule`, { startsAt: inUtc(startsAt) });
          expect(sent.status, startsAt).to.equal(409);
          expect(sent.text('.panel')).to.contain('This booking cannot be moved here');
          const json = await visitor.raw(`${path}/reschedule`, {
            method: 'POST',
            headers: { accept: 'application/json', 'content-type': 'application/json' },
            body: JSON.stringify({ startsAt }),
          });
          expect(json.status, startsAt).to.equal(422);
        }
        expect((await visitor.get(path)).texts('.summary-list dd')[0]).to.contain('10:00 am');
        expect((await visitor.get(`${path}/cancel`)).status).to.equal(200);
      } finally {
        await services.clone().insert(rows).onConflict().ignore();
      }
    });

    it('open when the specialist, the calendar or the referrer is gone', async () => {
      const { db } = fixture.app;
      const booking = await db('bookings')
        .where({ id: path.split('/')[2] ?? '' })
        .first('specialist_id');
      const specialist = db('specialists').where({ id: booking?.specialist_id ?? '' });
      const staff = await fixture.signedIn(sam);
      const calendarGone = {
        reason: 'refused',
        code: 'invalid_calendar',
        message: 'The calendar does not exist.',
        status: 400,
      } as const;
      const taken: { what: string; away: () => Promise<unknown>; back: () => Promise<unknown> }[] = [
        {
          what: 'the specialist',
          away: () => specialist.clone().update({ is_active: false }),
          back: () => specialist.clone().update({ is_active: true }),
        },
        {
          what: 'the calendar',
          away: async () => fixture.acuity.failWith(calendarGone),
          back: async () => fixture.acuity.recover(),
        },
        {
          what: 'the referrer',
          away: () => db('users').where({ email: rita }).update({ banned: true }),
          back: async () => {
            await db('users').where({ email: rita }).update({ banned: false });
            visitor = await fixture.signedIn(rita);
          },
        },
      ];
      for (const { what, away, back } of taken) {
        await away();
        try {
          for (const part of ['', '/reschedule', '/cancel', '/calendar.ics', '/status', '/contacts'])
            expect((await staff.get(`${path}${part}`)).status, `${what}: ${part}`).to.be.below(500);
          for (const list of ['/', '/bookings', '/bookings?view=calendar&month=2026-12', '/specialists'])
            expect((await staff.get(list)).status, `${what}: ${list}`).to.equal(200);
          expect((await staff.get(path)).status, what).to.equal(200);
          expect((await staff.get(`${path}/cancel`)).status, what).to.equal(200);
        } finally {
          await back();
        }
      }
    });

    it('lead from the booking to the instructions for the examinee, and staff to its record in the console', async () => {
      const links = async (who: Visitor) => {
        const page = await who.get(path);
        return page.all('main a').map((link) => link.getAttributeValue('href'));
      };
      const record = path.replace('/bookings/', '/admin/resources/bookings/records/');
      const ours = await links(visitor);
      expect(ours.filter((href) => href === `${path}/instructions`)).to.have.length(1);
      expect(ours.join()).not.to.contain('/admin/');
      const staff = await fixture.signedIn(sam);
      expect(await links(staff)).to.include(`${record}/show`);
    });

    it('cancel a booking once, with a reason', async () => {
      const page = await visitor.get(`${path}/cancel`);
      expect(page.text('h1')).to.equal('Cancel this booking?');
      expect(page.text('.summary-list'), 'whose it is').to.contain('Ewan Okafor');
      const tooLong = await visitor.post(`${path}/cancel`, { reason: 'x'.repeat(501) });
      expect(tooLong.status).to.equal(422);
      expect(tooLong.attribute('.error-summary a', 'href')).to.equal('#reason');
      const done = await visitor.post(`${path}/cancel`, { reason: 'The case was settled' });
      expect(done.at).to.equal(`${path}?cancelled`);
      expect(done.text('.tags')).to.equal('Cancelled');
      expect(done.text('.timeline-entry')).to.contain('The case was settled');
      expect(done.texts('.head-actions a').join()).not.to.match(/Reschedule|Cancel/);
      expect((await visitor.post(`${path}/cancel`, { reason: '' })).at).to.equal(path);
      expect((await visitor.get(`${path}/reschedule`)).at).to.equal(path);
    });
  });
});
