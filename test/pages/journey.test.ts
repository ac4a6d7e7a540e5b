import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { acuityDown } from '../support/fakes/acuity.ts';
import type { Visit, Visitor } from '../support/visitor.ts';
import { draftIdOf, ewan, inUtc, nineOnTuesday, openPageHouse, rita, type PageHouse } from './page-house.ts';

const amelia = 7001;
const tenOnTuesday = '2026-12-01T10:00:00+11:00';
const elevenOnTuesday = '2026-12-01T11:00:00+11:00';

describe('the journey of a booking, page by page', () => {
  let house: PageHouse;
  let visitor: Visitor;

  beforeEach(async () => {
    house = await openPageHouse();
    house.acuity.offer(
      amelia,
      nineOnTuesday,
      tenOnTuesday,
      elevenOnTuesday,
      '2026-12-02T14:00:00+11:00',
      '2027-01-12T14:00:00+11:00',
    );
    visitor = await house.signedIn(rita);
  });

  afterEach(() => house.close());

  const confirm = async (draftId: string) => {
    const check = await visitor.get(`/bookings/new/${draftId}/check`);
    return visitor.post('/bookings', check.form('/bookings'));
  };

  /** What the worker does, until the attempt that the page waits for is settled. */
  const settle = async ({ at }: Visit) => {
    const id = /attempts\/([0-9a-f-]{36})/.exec(at)?.[1] ?? '';
    for (let round = 0; round < 50; round++) {
      await house.app.system.services.settlement.settle(id);
      const row = (await house.app.db('booking_intentions').where({ id }).first('state')) as {
        state: string;
      };
      if (row.state !== 'open') return;
      await sleep(50);
    }
    throw new Error('The attempt was not settled');
  };

  const bookingCount = async () => Number((await house.app.db('bookings').count('* as n').first())?.n);

  it('leads from the specialist to the confirmation without JavaScript', async () => {
    const choose = await visitor.get('/bookings/new');
    expect(choose.texts('.specialist-name')).to.include.members(['Dr Amelia Hart', 'Dr Bruno Keller']);
    expect(choose.texts('.fact').join()).to.contain('Sydney time').and.to.contain('Perth time');

    const specialistId = await house.specialistId('Dr Amelia Hart');
    const time = await visitor.post('/bookings/new', { specialistId, type: 'in_person' });
    expect(time.text('h1')).to.equal('Choose a day and time');
    expect(time.text('.month-table caption')).to.equal('December 2026');
    expect(time.texts('.slot-time')).to.deep.equal(['9:00 am', '10:00 am', '11:00 am']);
    expect(time.text('.zone-line')).to.contain('Sydney time (AEDT, UTC+11)');

    const draftId = draftIdOf(time);
    const examinee = await visitor.post(`/bookings/new/${draftId}/time`, { startsAt: inUtc(nineOnTuesday) });
    expect(examinee.text('h1')).to.equal('Who is to be examined?');

    const check = await visitor.post(`/bookings/new/${draftId}/examinee`, ewan);
    expect(check.text('h1')).to.equal('Check your answers');
    expect(check.texts('.summary-list dd')).to.include.members([
      'Ewan',
      'Marsh',
      '0412 345 678',
      '27 March 1984',
      'CL-2207',
      'Needs an interpreter.',
      '9:00 am, Tuesday 1 December 2026Sydney time (AEDT, UTC+11)',
    ]);

    const done = await visitor.post('/bookings', check.form('/bookings'));
    expect(done.status).to.equal(200);
    expect(done.at).to.match(/^\/bookings\/[0-9a-f-]{36}\?confirmed$/);
    expect(done.text('.confirmation-title')).to.equal('Booked');
    const [booking] = (await house.app.db('bookings').select('reference', 'examinee_phone')) as {
      reference: string;
      examinee_phone: string;
    }[];
    expect(done.text('.confirmation-reference')).to.equal(booking?.reference);
    expect(booking?.examinee_phone).to.equal('+61412345678');
    expect(house.acuity.appointments.size).to.equal(1);
  });

  it('shows times in the examination’s zone with the reader’s beside them when they differ', async () => {
    const draftId = await house.draftAt(visitor, 'time');
    visitor.setCookie('tz', 'Australia%2FPerth');
    const perth = await visitor.get(`/bookings/new/${draftId}/time`);
    expect(perth.text('.zone-line')).to.contain('The smaller time is yours: Perth time (AWST, UTC+8)');
    expect(perth.texts('.slot-reader')[0]).to.equal('6:00 am your time');
    visitor.setCookie('tz', 'Australia%2FSydney');
    expect((await visitor.get(`/bookings/new/${draftId}/time`)).has('.slot-reader')).to.equal(false);
    visitor.setCookie('tz', 'Mars%2FOlympus');
    expect((await visitor.get(`/bookings/new/${draftId}/time`)).has('.slot-reader')).to.equal(false);
  });

  it('answers a fragment when htmx asks for the part, and the whole page otherwise', async () => {
    const draftId = await house.draftAt(visitor, 'time');
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

  it('keeps health information out of every URL', async () => {
    const check = await house.draftAt(visitor, 'check');
    const seen = [(await visitor.get(`/bookings/new/${check}/check`)).at, (await confirm(check)).at].join();
    expect(seen).not.to.match(/Ewan|Marsh|0412|2207|1984/i);
    expect(house.app.logLines.join('\n')).not.to.match(/Ewan|Marsh|412 ?345|CL-2207|1984/i);
  });

  it('names every mistake, links it to its field and keeps what was typed', async () => {
    const draftId = await house.draftAt(visitor, 'examinee');
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
    ['an endless claim number', [['claimNumber', 'x'.repeat(61)]], '#claimNumber'],
    ['an endless note', [['notes', 'x'.repeat(2001)]], '#notes'],
  ] as [string, [string, string][], string][]) {
    it(`refuses ${what} with a message at its field`, async () => {
      const draftId = await house.draftAt(visitor, 'examinee');
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

  it('asks for a time when none was chosen, on the day that was shown', async () => {
    const draftId = await house.draftAt(visitor, 'time');
    const page = await visitor.post(`/bookings/new/${draftId}/time`, { day: '2027-01-12' });
    expect(page.status).to.equal(422);
    expect(page.text('.error-summary a')).to.equal('Choose a time');
    expect(page.text('.day-title')).to.equal('Tuesday 12 January 2027');
    expect(page.has('#startsAt')).to.equal(true);
  });

  for (const startsAt of ['yesterday', '2026-12-01T09:00', '2026-13-01T09:00:00Z']) {
    it(`takes “${startsAt}” for no time`, async () => {
      const draftId = await house.draftAt(visitor, 'time');
      const page = await visitor.post(`/bookings/new/${draftId}/time`, { startsAt });
      expect(page.status).to.equal(422);
    });
  }

  it('says at once when a chosen time is not free', async () => {
    const draftId = await house.draftAt(visitor, 'time');
    const page = await visitor.post(`/bookings/new/${draftId}/time`, { startsAt: '2026-12-01T04:00:00Z' });
    expect(page.status).to.equal(422);
    expect(page.text('.error-summary')).to.contain('3:00 pm, Tuesday 1 December 2026 is not free');
  });

  for (const query of ['month=2026-13', 'day=2026-02-30', 'day=2026-12-01&day=2026-12-02']) {
    it(`answers 422 for ?${query}`, async () => {
      const draftId = await house.draftAt(visitor, 'time');
      expect((await visitor.get(`/bookings/new/${draftId}/time?${query}`)).status).to.equal(422);
    });
  }

  it('leads to the first missing step when one is opened out of order', async () => {
    const early = await house.draftAt(visitor, 'time');
    expect((await visitor.get(`/bookings/new/${early}/check`)).at).to.equal(`/bookings/new/${early}/time`);
    const later = await house.draftAt(visitor, 'examinee');
    expect((await visitor.get(`/bookings/new/${later}/check`)).at).to.equal(
      `/bookings/new/${later}/examinee`,
    );
    const posted = await visitor.post('/bookings', { draftId: later, idempotencyKey: 'k' });
    expect(posted.at).to.equal(`/bookings/new/${later}/examinee`);
    expect(await bookingCount()).to.equal(0);
  });

  it('keeps the examinee when the time or the specialist is changed', async () => {
    const draftId = await house.draftAt(visitor, 'check');
    const moved = await visitor.post(`/bookings/new/${draftId}/time`, { startsAt: inUtc(tenOnTuesday) });
    expect(moved.at).to.equal(`/bookings/new/${draftId}/check`);
    const choose = await visitor.get(`/bookings/new?draft=${draftId}`);
    expect(choose.text('.specialist-chosen .specialist-name')).to.equal('Dr Amelia Hart');
    const bruno = await house.specialistId('Dr Bruno Keller');
    house.acuity.offer(7002, elevenOnTuesday);
    const time = await visitor.post('/bookings/new', { draftId, specialistId: bruno, type: 'telehealth' });
    expect(time.at).to.equal(`/bookings/new/${draftId}/time`);
    const check = await visitor.post(`/bookings/new/${draftId}/time`, { startsAt: inUtc(elevenOnTuesday) });
    expect(check.texts('.summary-list dd')).to.include('Ewan');
    expect(check.texts('.summary-list dd')).to.include('Telehealth, 60 minutes');
  });

  it('names the clash and offers the nearest free times without losing a word', async () => {
    const draftId = await house.draftAt(visitor, 'check');
    const rob = await house.signedIn('rob@harbour-legal.example');
    const robsDraft = await house.draftAt(rob, 'check');
    const robsCheck = await rob.get(`/bookings/new/${robsDraft}/check`);
    expect((await rob.post('/bookings', robsCheck.form('/bookings'))).has('.confirmation')).to.equal(true);

    const taken = await confirm(draftId);
    expect(taken.status).to.equal(409);
    expect(taken.text('.panel')).to.contain('9:00 am, Tuesday 1 December 2026 with Dr Amelia Hart');
    expect(taken.texts('.nearest-time')).to.deep.equal(['10:00 am', '11:00 am', '2:00 pm']);
    expect(taken.texts('.kept dd')).to.include.members(['Ewan', 'CL-2207', 'Needs an interpreter.']);

    const startsAt = taken.attribute('.nearest button', 'value');
    const check = await visitor.post(`/bookings/new/${draftId}/time`, { startsAt });
    expect(check.at).to.equal(`/bookings/new/${draftId}/check`);
    expect(check.texts('.summary-list dd')).to.include('Ewan');
    expect((await visitor.post('/bookings', check.form('/bookings'))).has('.confirmation')).to.equal(true);
    expect(await bookingCount()).to.equal(2);
  });

  it('books once however often the form is sent', async () => {
    const draftId = await house.draftAt(visitor, 'check');
    const form = (await visitor.get(`/bookings/new/${draftId}/check`)).form('/bookings');
    const [first, second] = await Promise.all([
      visitor.post('/bookings', form),
      visitor.post('/bookings', form),
    ]);
    const reload = await visitor.post('/bookings', form);
    expect(first.status).to.equal(200);
    expect(second.at).to.equal(first.at);
    expect(reload.at).to.equal(first.at);
    expect(await bookingCount()).to.equal(1);
    expect(house.acuity.appointments.size).to.equal(1);
  });

  it('leads back to the booking when a step is opened after it was made, and forgets the examinee', async () => {
    const draftId = await house.draftAt(visitor, 'check');
    const done = await confirm(draftId);
    const back = await visitor.get(`/bookings/new/${draftId}/examinee`);
    expect(back.at).to.equal(done.at.replace('?confirmed', ''));
    const [row] = (await house.app.db('booking_drafts').select('data')) as { data: object }[];
    expect(JSON.stringify(row?.data)).not.to.contain('Ewan');
  });

  it('does not book from an old page whose answers have changed since', async () => {
    const draftId = await house.draftAt(visitor, 'check');
    const old = (await visitor.get(`/bookings/new/${draftId}/check`)).form('/bookings');
    house.acuity.failWith(acuityDown);
    await visitor.post('/bookings', old);
    house.acuity.recover();
    await visitor.post(`/bookings/new/${draftId}/examinee`, { ...ewan, lastName: 'Marlow' });
    const page = await visitor.post('/bookings', old);
    expect(page.status).to.equal(409);
    expect(page.text('.panel')).to.contain('That page was out of date');
    expect(page.texts('.summary-list dd')).to.include('Marlow');
    expect(await bookingCount()).to.equal(0);
  });

  it('says that nothing was booked while Acuity is down, and books when it is back', async () => {
    const draftId = await house.draftAt(visitor, 'check');
    house.acuity.failWith(acuityDown);
    const page = await confirm(draftId);
    expect(page.status).to.equal(503);
    expect(page.headers.get('retry-after')).to.match(/^\d+$/);
    expect(page.text('.panel')).to.contain('Nothing was booked');
    expect(page.texts('.summary-list dd')).to.include('Ewan');
    house.acuity.recover();
    expect((await visitor.post('/bookings', page.form('/bookings'))).has('.confirmation')).to.equal(true);
  });

  it('never shows a blank when free times cannot be had', async () => {
    const draftId = await house.draftAt(visitor, 'time');
    house.acuity.failWith(acuityDown);
    const page = await visitor.get(`/bookings/new/${draftId}/time?month=2027-02`);
    expect(page.status).to.equal(503);
    expect(page.text('.panel')).to.contain('The calendar does not answer just now');
    expect(page.attribute('.panel a', 'href')).to.equal(`/bookings/new/${draftId}/time?month=2027-02`);
  });

  it('says how old the times are when an older list is shown', async () => {
    const draftId = await house.draftAt(visitor, 'time');
    await visitor.get(`/bookings/new/${draftId}/time`);
    house.clock.at = new Date(house.clock.at.getTime() + 12 * 60_000);
    house.acuity.failWith(acuityDown);
    const page = await visitor.get(`/bookings/new/${draftId}/time`);
    expect(page.status).to.equal(200);
    expect(page.headers.get('x-cache')).to.equal('STALE');
    expect(page.text('.notice')).to.contain('Free times as of 12 minutes ago');
  });

  it('waits on a page of its own when Acuity’s answer was lost, and goes where it ended', async () => {
    const draftId = await house.draftAt(visitor, 'check');
    house.acuity.lose('after');
    const waiting = await confirm(draftId);
    expect(waiting.at).to.match(/^\/bookings\/attempts\/[0-9a-f-]{36}\?draft=/);
    expect(waiting.text('h1')).to.equal('We are finding out whether it worked');
    expect(waiting.text('.lead')).to.contain('9:00 am, Tuesday 1 December 2026, Sydney time');
    expect(waiting.attribute('#attempt', 'hx-trigger')).to.equal('every 2s');
    await settle(waiting);
    const poll = await visitor.get(waiting.at, { 'HX-Request-Type': 'partial' });
    expect(poll.headers.get('hx-redirect')).to.match(/^\/bookings\/[0-9a-f-]{36}\?confirmed$/);
    expect((await visitor.get(waiting.at)).has('.confirmation')).to.equal(true);
  });

  it('says that nothing was booked when the lost request had never arrived, with a way back to the answers', async () => {
    const draftId = await house.draftAt(visitor, 'check');
    house.acuity.lose('before');
    const waiting = await confirm(draftId);
    await settle(waiting);
    const failed = await visitor.get(waiting.at);
    expect(failed.text('h1')).to.equal('Nothing was booked');
    const check = await visitor.get(failed.attribute('.actions a', 'href'));
    expect(check.at).to.equal(`/bookings/new/${draftId}/check`);
    expect((await visitor.post('/bookings', check.form('/bookings'))).has('.confirmation')).to.equal(true);
  });

  it('says so when a draft was left too long', async () => {
    const draftId = await house.draftAt(visitor, 'check');
    const form = (await visitor.get(`/bookings/new/${draftId}/check`)).form('/bookings');
    house.clock.at = new Date(house.clock.at.getTime() + 61 * 60_000);
    for (const page of [
      await visitor.get(`/bookings/new/${draftId}/check`),
      await visitor.post(`/bookings/new/${draftId}/examinee`, ewan),
      await visitor.post('/bookings', form),
    ]) {
      expect(page.status).to.equal(410);
      expect(page.text('h1')).to.equal('This booking was left too long');
    }
    expect(await bookingCount()).to.equal(0);
  });

  it('shows nobody else’s draft, and no draft that never was', async () => {
    const draftId = await house.draftAt(visitor, 'check');
    const rob = await house.signedIn('rob@harbour-legal.example');
    const others = await rob.get(`/bookings/new/${draftId}/check`);
    const unknown = await rob.get('/bookings/new/00000000-0000-4000-8000-000000000000/check');
    expect([others.status, unknown.status]).to.deep.equal([410, 410]);
    expect(others.html).not.to.contain('Ewan');
    expect((await rob.get('/bookings/new/nonsense/check')).status).to.equal(410);
  });

  it('asks for another specialist when the chosen one went away between the steps', async () => {
    const draftId = await house.draftAt(visitor, 'check');
    const form = (await visitor.get(`/bookings/new/${draftId}/check`)).form('/bookings');
    await house.app.db('specialists').where({ name: 'Dr Amelia Hart' }).update({ is_active: false });
    const page = await visitor.post('/bookings', form);
    expect(page.at).to.equal(`/bookings/new?draft=${draftId}`);
    expect(page.text('.notice')).to.contain('Dr Amelia Hart can no longer be booked');
    expect(page.texts('.specialist-name')).not.to.include('Dr Amelia Hart');
    const specialistId = await house.specialistId('Dr Amelia Hart');
    const again = await visitor.post('/bookings/new', { draftId, specialistId, type: 'in_person' });
    expect(again.status).to.equal(422);
  });

  it('brings one back to the step after the session had ended', async () => {
    const draftId = await house.draftAt(visitor, 'examinee');
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

  it('brings one back to the answers when the session ended before the confirmation', async () => {
    const draftId = await house.draftAt(visitor, 'check');
    const check = `/bookings/new/${draftId}/check`;
    const form = (await visitor.get(check)).form('/bookings');
    visitor.forgetCookies();
    const signIn = await visitor.post('/bookings', form);
    expect(signIn.at).to.equal(`/sign-in?next=${encodeURIComponent(check)}`);
  });

  it('sends htmx to the sign-in page instead of swapping it into the calendar', async () => {
    const draftId = await house.draftAt(visitor, 'time');
    visitor.forgetCookies();
    const part = await visitor.get(`/bookings/new/${draftId}/time?month=2027-01`, {
      'HX-Request-Type': 'partial',
    });
    expect(part.status).to.equal(401);
    expect(part.headers.get('hx-redirect')).to.match(/^\/sign-in\?next=/);
  });

  it('lets only referrers book', async () => {
    const staff = await house.signedIn('sam@examdesk.example');
    expect((await staff.get('/bookings/new')).status).to.equal(403);
    expect((await staff.get('/')).has('a[href="/bookings/new"]')).to.equal(false);
  });

  it('finds specialists by name, place and kind', async () => {
    expect((await visitor.get('/bookings/new?q=perth&type=')).texts('.specialist-name')).to.deep.equal([
      'Dr Chen Wei',
    ]);
    const telehealth = await visitor.get('/bookings/new?type=telehealth');
    expect(telehealth.texts('.specialist-types').join()).not.to.contain('In person');
    expect((await visitor.get('/bookings/new?q=nobody-of-that-name')).text('.empty')).to.contain(
      'No specialist fits',
    );
    expect((await visitor.get('/bookings/new?type=teleport')).status).to.equal(422);
  });
});
