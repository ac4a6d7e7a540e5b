// What narrows the console's lists: sealed words, days where the reader is, exact ids behind links, and the morning's
// numbers, which are counts of such lists.
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { Dashboard } from '../../src/console/index.ts';
import { dayIn, shiftDays } from '../../src/lib/dates.ts';
import { startTestApp, type Agent, type TestApp } from '../support/app.ts';
import { aBookingOf, anEmailAbout, personOf } from '../support/console-records.ts';
import { sealWords } from '../support/console-requests.ts';

const list = (id: string): string => `/admin/api/resources/${id}/actions/list`;
const inZone = (zone: string) => `tz=${encodeURIComponent(zone)}`;

describe('the console’s filters', () => {
  let app: TestApp;
  let ada: Agent;
  let sam: Agent;
  before(async () => {
    app = await startTestApp();
    ada = await app.signIn('ada@examdesk.example');
    sam = await app.signIn('sam@examdesk.example');
    await aBookingOf(app.db, 'rita', {
      claim_number: 'CL-77',
      notes: 'Bring the X-rays',
      external_created_by: 'ewan@marsh.example',
      interpreter_language: 'Arabic',
    });
    await aBookingOf(app.db, 'nadia', { examinee_first_name: 'Priya', examinee_last_name: 'Nair' });
  });
  after(() => app.close());

  const found = async (agent: Agent, table: string, query: object) => {
    const { body } = await agent.get(list(table)).query(query).expect(200);
    return (body.records as { params: Record<string, unknown> }[]).map(({ params }) => params);
  };

  describe('of health information', () => {
    it('accept sealed words for each of these columns', async () => {
      const words = {
        examinee: 'marsh',
        phone: '6141',
        claimNumber: 'cl-77',
        notes: 'x-rays',
        externalCreatedBy: 'ewan@',
        interpreterLanguage: 'arab',
      };
      for (const [name, text] of Object.entries(words)) {
        const sealed = await sealWords(sam, { [name]: text });
        const rows = await found(sam, 'bookings', { [`filters.${name}`]: sealed[name] });
        expect(rows.length, name).to.be.at.least(1);
        expect(
          rows.every(({ examinee }) => name === 'phone' || examinee === 'Ewan Marsh'),
          name,
        ).to.equal(true);
        await sam
          .get(list('bookings'))
          .query({ [`filters.${name}`]: text })
          .expect(400);
      }
    });

    it('refuse words sealed for somebody else, and show nothing in the URL', async () => {
      const { examinee = '' } = await sealWords(sam, { examinee: 'marsh' });
      expect(Buffer.from(examinee, 'base64url').toString('latin1').toLowerCase()).not.to.contain('marsh');
      await ada.get(list('bookings')).query({ 'filters.examinee': examinee }).expect(400);
      const opened = async (agent: Agent) =>
        (await agent.get('/admin/api/views/bookings').query({ 'filters.examinee': examinee }).expect(200))
          .body.html as string;
      expect(await opened(sam)).to.contain('Examinee: marsh');
      expect(await opened(ada))
        .to.contain('Examinee: …')
        .and.not.match(/marsh/i);
    });

    it('apply to the export, and the audit log records only their names', async () => {
      const { claimNumber } = await sealWords(sam, { claimNumber: 'CL-77' });
      const { text } = await sam
        .get('/admin/export/bookings')
        .query({ 'filters.claimNumber': claimNumber })
        .expect(200);
      expect(text.trim().split('\r\n')).to.have.length(2);
      const row = await app
        .db('audit_log')
        .where({ action: 'records.exported' })
        .orderBy('id', 'desc')
        .first();
      expect(row?.metadata).to.deep.equal({ table: 'bookings', filteredBy: ['claimNumber'] });
    });

    it('answer 422 when there are too many words, and 400 for what is no filter of the list', async () => {
      const find = (agent: Agent, sent: object) => agent.post('/admin/views/bookings/find').send(sent);
      for (const text of ['x'.repeat(201), 1, ['marsh'], null])
        await find(sam, { 'filters.examinee': text }).expect(422);
      for (const name of ['filters.password', 'examinee', '__proto__.x'])
        await find(sam, { [name]: 'marsh' }).expect(400);
      await find(sam, { query: 'filters.examinee=marsh' }).expect(400);
      await find(sam, { 'filters.startsAt~~from': 'tomorrow' }).expect(400);
      await find(await app.signIn('rita@harbour-legal.example'), {}).expect(403);
      await find(app.anonymous(), {}).expect(401);
    });

    it('replace those in the list’s address, and leave out what is empty and the page', async () => {
      const { body } = await sam
        .post('/admin/views/bookings/find')
        .send({
          query: 'filters.status=active&filters.type=telehealth&sortBy=reference&direction=desc&page=3&tab=x',
          'filters.status': 'cancelled',
          'filters.type': ' ',
          sortBy: '',
          direction: 'desc',
        })
        .expect(200);
      expect(body.href).to.equal('/admin/resources/bookings?filters.status=cancelled&tab=x');
    });
  });

  it('search a list by words in any order, sealed too', async () => {
    const { search } = await sealWords(sam, { search: 'MARSH ewan cl-77' });
    const rows = await found(sam, 'bookings', { 'filters.search': search });
    expect(rows.map(({ examinee }) => examinee)).to.deep.equal(['Ewan Marsh']);
    await sam.get(list('bookings')).query({ 'filters.search': 'marsh' }).expect(400);
    await sam.get(list('bookings')).query({ sortBy: 'search' }).expect(400);
    const { search: firm } = await sealWords(ada, { search: 'nadia northside' }, 'users');
    const people = await found(ada, 'users', { 'filters.search': firm });
    expect(people.map(({ name }) => String(name).split(' ')[0])).to.deep.equal(['Nadia']);
    expect(people[0]).not.to.have.property('search');
    const { search: surname } = await sealWords(ada, { search: 'Álvarez, Rita' }, 'users');
    const byName = await found(ada, 'users', { 'filters.search': surname });
    expect(byName.map(({ email }) => email)).to.deep.equal(['rita@harbour-legal.example']);
  });

  it('answer 400 or nothing found for NUL, never 500', async () => {
    await ada.get(`${list('users')}?filters.name=a%00b`).expect(400);
    await ada.post('/admin/views/users/find').send({ 'filters.search': 'a\0b' }).expect(400);
  });

  describe('of days', () => {
    let early: string;
    let late: string;
    before(async () => {
      // 1 and 2 June, in Sydney and in Perth two hours behind.
      early = await aBookingOf(app.db, null, { starts_at: new Date('2027-06-01T00:30:00+10:00') });
      late = await aBookingOf(app.db, null, {
        starts_at: new Date('2027-06-02T23:30:00+08:00'),
        timezone: 'Australia/Perth',
        created_at: new Date('2026-06-01T00:30:00+10:00'),
      });
    });
    const between = async (zone: string, name: string, from: string, to: string) => {
      const { body } = await sam
        .get(list('bookings'))
        .set('Cookie', inZone(zone))
        .query({ [`filters.${name}~~from`]: from, [`filters.${name}~~to`]: to })
        .expect(200);
      return (body.records as { id: string }[]).map(({ id }) => id);
    };

    it('are read in the examination’s zone, including the whole last day', async () => {
      for (const zone of ['Australia/Sydney', 'Pacific/Auckland', 'America/New_York']) {
        expect(await between(zone, 'startsAt', '2027-06-01', '2027-06-01'), zone).to.deep.equal([early]);
        expect(await between(zone, 'startsAt', '2027-06-02', '2027-06-02'), zone).to.deep.equal([late]);
      }
    });

    it('are read in the reader’s zone when the time has none', async () => {
      expect(await between('Australia/Sydney', 'createdAt', '2026-06-01', '2026-06-01')).to.deep.equal([
        late,
      ]);
      expect(await between('Australia/Perth', 'createdAt', '2026-06-01', '2026-06-01')).to.deep.equal([]);
      expect(await between('Australia/Perth', 'createdAt', '2026-05-31', '2026-05-31')).to.deep.equal([late]);
    });
  });

  it('name the unit of a number where it has one', async () => {
    const labels = async (of: string) =>
      [
        ...String((await ada.get(`/admin/api/views/${of}`).expect(200)).body.html).matchAll(
          /<label for="filter-\w+">(.*?)<\/label>/g,
        ),
      ].map(([, label]) => label);
    expect(await labels('documents')).to.include('Size (bytes)');
    expect(await labels('specialists')).to.include('Bookings');
  });

  it('tell two people of the same name apart when following a link', async () => {
    const rita = await personOf(app.db, 'rita');
    const [firm] = await found(ada, 'organizations', { 'filters.name': 'Harbour Legal' });
    const theirs = await found(ada, 'bookings', { 'filters.organizationId': rita.organizationId });
    expect(firm?.bookings).to.equal(String(theirs.length));
    expect(theirs.map(({ organization }) => organization)).to.deep.equal(theirs.map(() => 'Harbour Legal'));
    expect(await found(ada, 'bookings', { 'filters.referrerId': rita.id })).to.have.length(1);
    const [member] = await found(ada, 'users', {
      'filters.organizationId': rita.organizationId,
      'filters.isActive': 'true',
      'filters.name': 'Rita',
    });
    expect(member?.bookings).to.equal('1');
  });
});

describe('the console’s first page', () => {
  let app: TestApp;
  let ada: Agent;
  let sam: Agent;
  const zone = 'Australia/Sydney';
  const today = dayIn(new Date(), zone);
  const noon = (day: string) => new Date(`${day}T12:00:00+10:00`);
  before(async () => {
    app = await startTestApp();
    ada = await app.signIn('ada@examdesk.example');
    sam = await app.signIn('sam@examdesk.example');
  });
  after(() => app.close());

  const morning = async (agent: Agent) =>
    (await agent.get('/admin/api/dashboard').set('Cookie', inZone(zone)).expect(200)).body as Dashboard;
  const totalOf = async (href: string) => {
    const [, table = '', query = ''] = /^\/admin\/resources\/([\w-]+)\?(.*)$/.exec(href) ?? [];
    const { body } = await ada
      .get(`${list(table)}?${query}`)
      .set('Cookie', inZone(zone))
      .expect(200);
    return body.meta.total as number;
  };
  const entryOf = ({ attention }: Dashboard, label: string) =>
    attention.find((entry) => entry.label === label);

  it('counts all examinations of today, and links to them', async () => {
    for (let count = 0; count < 10; count += 1) await aBookingOf(app.db, null, { starts_at: noon(today) });
    await aBookingOf(app.db, null, { starts_at: noon(shiftDays(today, 1)) });
    await aBookingOf(app.db, null, { starts_at: noon(shiftDays(today, -1)) });
    await aBookingOf(app.db, null, {
      starts_at: noon(today),
      status: 'cancelled',
      current_progress: 'cancelled',
    });
    const page = await morning(sam);
    expect(page.day).to.equal(today);
    expect(page.today.count).to.equal(10);
    expect(page.today.rows).to.have.length(8);
    expect(await totalOf(page.today.href)).to.equal(10);
  });

  it('counts twelve weeks by source, each with a link to its list', async () => {
    await aBookingOf(app.db, 'rita', { created_at: noon(shiftDays(today, -21)) });
    await aBookingOf(app.db, null, { created_at: noon(shiftDays(today, -21)) });
    const { weeks } = await morning(sam);
    expect(weeks).to.have.length(12);
    expect(weeks.map(({ week }) => new Date(week).getUTCDay())).to.deep.equal(weeks.map(() => 1));
    for (const { href, count, parts } of weeks) {
      expect(await totalOf(href)).to.equal(count);
      for (const part of parts) expect(await totalOf(part.href)).to.equal(part.count);
    }
    expect(weeks.at(-4)?.parts.map(({ name, count }) => [name, count])).to.deep.equal([
      ['portal', 1],
      ['acuity_direct', 1],
    ]);
  });

  it('leaves database connections to others while it counts', async () => {
    let running = 0;
    let most = 0;
    const begins = () => (most = Math.max(most, (running += 1)));
    const ends = () => (running -= 1);
    const { db } = app.system.services;
    db.on('query', begins).on('query-response', ends).on('query-error', ends);
    await morning(ada);
    db.off('query', begins).off('query-response', ends).off('query-error', ends);
    expect(most).to.be.within(1, 3);
  });

  it('offers for each number an action that the reader may do', async () => {
    const booking = await aBookingOf(app.db, null, {
      starts_at: new Date('2026-01-01T10:00:00+11:00'),
      details_needed: true,
    });
    await anEmailAbout(app.db, booking);
    await app.db('webhook_events').insert({
      id: randomUUID(),
      channel: 'relay',
      action: 'changed',
      appointment_id: 1,
      state: 'dead',
      body: Buffer.from('x'),
      body_digest: Buffer.alloc(32),
      attempts: 12,
      received_at: new Date(),
    });
    for (const agent of [ada, sam]) {
      const page = await morning(agent);
      // Of no list: nobody works jobs here.
      const lists = page.attention.filter(({ href }) => href?.includes('?'));
      expect(lists).to.have.length.above(8);
      for (const { label, count, href, repair } of lists) {
        expect(await totalOf(href ?? ''), label).to.equal(count);
        if (count === 0) continue;
        if (repair.bulk) {
          const listed = await agent
            .post('/admin/bulk')
            .type('form')
            .send({ ...repair.bulk, which: 'all' });
          expect(listed.status, label).to.equal(303);
        }
        if (!repair.href) continue;
        const { headers } = await agent.get(repair.href);
        const address = headers.location ?? repair.href;
        const [, table = '', rest = ''] = /^\/admin\/resources\/([\w-]+)\/(.*)$/.exec(address) ?? [];
        await agent.get(`/admin/api/resources/${table}/${rest}`).expect(200);
      }
      const { headers } = await agent.get(entryOf(page, 'Bookings without a referrer')?.repair.href ?? '');
      expect(headers.location).to.equal(
        `/admin/resources/bookings/records/${booking}/assign?next=no-referrer`,
      );
    }
    expect(entryOf(await morning(sam), 'Webhook events not delivered')?.repair).to.deep.equal({
      label: 'Ask an admin to replay them',
      href: null,
    });
  });

  it('shows an event that needs attention until it is settled', async () => {
    const event = (appointment: number, note: string, at: number) => ({
      id: randomUUID(),
      channel: 'relay' as const,
      action: 'scheduled',
      appointment_id: appointment,
      note,
      state: 'processed' as const,
      outcome: 'ignored' as const,
      body: Buffer.from('x'),
      body_digest: Buffer.alloc(32),
      received_at: new Date(at),
      processed_at: new Date(at),
    });
    const { known } = (await app.db('bookings').first('acuity_appointment_id as known')) as { known: number };
    await app
      .db('webhook_events')
      .insert([
        event(990_001, 'unknown_calendar', 1e12),
        event(known, 'unknown_calendar:7003', 1e12),
        event(990_002, 'left:time', 1e12),
        event(990_002, 'cancelled_before_booked', 2e12),
      ]);
    const one = entryOf(await morning(sam), 'Webhook events that need attention');
    expect(one?.count).to.equal(1);
    expect(await totalOf(one?.href ?? '')).to.equal(1);
  });

  it('shows a failed reconciliation until a later one succeeds', async () => {
    const report = (state: 'done' | 'failed', at: number) => ({
      id: randomUUID(),
      kind: 'near' as const,
      fixes: true,
      state,
      started_at: new Date(at),
      finished_at: new Date(at),
      from_day: '2026-11-20',
      to_day: '2026-12-20',
      next_day: '2026-12-21',
    });
    await app.db('drift_reports').insert(report('failed', 1e12));
    expect(entryOf(await morning(ada), 'Reconciliations that failed')).to.deep.include({ count: 1 });
    await app.db('drift_reports').insert(report('done', 1.1e12));
    expect(entryOf(await morning(ada), 'Reconciliations that failed')).to.deep.include({ count: 0 });
  });
});
