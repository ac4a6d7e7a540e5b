// A person's calendar at its secret address, read by another program's parser: Thunderbird's.
import { expect } from 'chai';
import ICAL from 'ical.js';
import { markupErrors, type Visitor } from '../support/visitor.ts';
import {
  amelia,
  ewan,
  inUtc,
  nineOnTuesday,
  openPageFixture,
  rita,
  sam,
  tenOnTuesday,
  type PageFixture,
} from '../support/page-fixture.ts';

const page = '/account/calendar';
const rob = 'rob@harbour-legal.example';

describe('a person’s calendar', () => {
  let fixture: PageFixture;
  let ritas: Visitor;
  let bookingPath: string;

  before(async () => {
    fixture = await openPageFixture();
    fixture.acuity.offer(amelia, nineOnTuesday, tenOnTuesday, '2026-12-02T14:00:00+11:00');
    ritas = await fixture.signedIn(rita);
    bookingPath = await book(ritas, nineOnTuesday);
    await book(await fixture.signedIn(rob), tenOnTuesday);
  });
  after(() => fixture.close());

  async function book(by: Visitor, startsAt: string): Promise<string> {
    const draftId = await fixture.draftAt(by, 'time');
    await by.post(`/bookings/new/${draftId}/time`, { startsAt: inUtc(startsAt) });
    const check = await by.post(`/bookings/new/${draftId}/examinee`, ewan);
    return (await by.post('/bookings', check.form('/bookings'))).at.replace('?confirmed', '');
  }

  /** @returns the address, without its origin */
  async function made(choice: Record<string, string> = {}): Promise<string> {
    const shown = await ritas.post(page, { do: 'renew', ...choice });
    return new URL(shown.text('.secret')).pathname;
  }

  const read = (address: string, headers: Record<string, string> = {}) =>
    fixture.visitor().raw(address, { headers });

  async function eventsAt(address: string): Promise<ICAL.Component[]> {
    const answer = await read(address);
    expect(answer.status).to.equal(200);
    expect(answer.headers.get('content-type')).to.equal('text/calendar; charset=utf-8');
    return ICAL.Component.fromString(await answer.text()).getAllSubcomponents('vevent');
  }

  const said = (event: ICAL.Component | undefined, name: string) =>
    String(event?.getFirstPropertyValue(name));

  it('is off at first, and says in plain words what its choices mean', async () => {
    expect((await ritas.get('/account')).text('.account-list'))
      .to.contain('Calendar')
      .and.contain('Off');
    const shown = await ritas.get(page);
    expect(shown.text('#details-hint')).to.contain('health information');
    expect(await markupErrors(shown)).to.deep.equal([]);
    expect((await (await fixture.signedIn(sam)).get(page)).status).to.equal(403);
  });

  it('has the entry of the booking’s own file, without health information and without a session', async () => {
    const [event, ...others] = await eventsAt(await made());
    expect(others).to.deep.equal([]);
    const file = await (await ritas.raw(`${bookingPath}/calendar.ics`)).text();
    const own = ICAL.Component.fromString(file).getFirstSubcomponent('vevent') ?? undefined;
    for (const name of ['uid', 'sequence', 'dtstart', 'dtend', 'summary', 'organizer', 'status', 'dtstamp'])
      expect(said(event, name), name).to.equal(said(own, name));
    expect(String(event)).not.to.match(/Ewan|Marsh|CL-2207/);
    expect(said(own, 'description')).to.contain('Ewan Marsh');
  });

  it('has details and colleagues’ bookings only when they are switched on', async () => {
    const events = await eventsAt(await made({ details: 'on', colleagues: 'on' }));
    expect(events).to.have.length(2);
    expect(said(events[0], 'description')).to.contain('Ewan Marsh').and.contain('CL-2207');
    const saved = await ritas.post(page, { do: 'save' });
    expect(saved.has('#details[checked]')).to.equal(false);
  });

  it('leaves out what is past, and nothing to come, when there is too much', async () => {
    const db = fixture.app.database.owner;
    const { rows } = await db.raw<{ rows: { columns: string }[] }>(
      `select string_agg(quote_ident(column_name), ', ') as columns from information_schema.columns
       where table_schema = 'public' and table_name = 'bookings' and is_generated = 'NEVER'`,
    );
    const columns = rows[0]?.columns ?? '';
    const toCome = await db('bookings').pluck('id');
    await db.raw(
      `insert into bookings (${columns}) select ${columns} from (
         select (jsonb_populate_record(b, jsonb_build_object('id', gen_random_uuid(),
           'reference', 'EX-' || lpad(translate(n::text, '01', 'AB'), 6, 'Z'), 'acuity_appointment_id', n,
           'starts_at', b.starts_at - interval '30 days' - n * interval '1 minute'))).*
         from bookings b, generate_series(1, 1000) n where b.id = ?) copies`,
      [bookingPath.split('/')[2] ?? ''],
    );
    try {
      const events = await eventsAt(await made({ colleagues: 'on' }));
      expect(events).to.have.length(1_000);
      const uids = events.map((event) => said(event, 'uid'));
      expect(uids.slice(-2)).to.have.members(toCome);
    } finally {
      const longAgo = { starts_at: db.raw(`starts_at - interval '1 year'`) };
      await db('bookings').whereNotIn('id', toCome).update(longAgo);
    }
  });

  it('answers 304 until something changes, and follows a change in place', async () => {
    const address = await made();
    const etag = (await read(address)).headers.get('etag') ?? '';
    expect((await read(address, { 'if-none-match': etag })).status).to.equal(304);
    await ritas.post(`${bookingPath}/reschedule`, { startsAt: inUtc('2026-12-02T14:00:00+11:00') });
    expect((await read(address, { 'if-none-match': etag })).status).to.equal(200);
    const [moved] = await eventsAt(address);
    expect(Number(said(moved, 'sequence'))).to.be.above(1);
    await ritas.post(`${bookingPath}/cancel`, { reason: '' });
    const [cancelled] = await eventsAt(address);
    expect([said(cancelled, 'uid'), said(cancelled, 'status')]).to.deep.equal([
      bookingPath.split('/')[2],
      'CANCELLED',
    ]);
  });

  it('ends with a new address and when it is switched off, each in the audit log, the address nowhere', async () => {
    const first = await made();
    const second = await made();
    expect((await read(first)).status).to.equal(404);
    expect((await read(second)).status).to.equal(200);
    expect((await ritas.get(page)).html).not.to.contain('examinations.ics');
    expect((await ritas.post(page, { do: 'end' })).text('.notice')).to.contain('no longer works');
    expect((await read(second)).status).to.equal(404);
    const rows = (await fixture.app
      .db('audit_log')
      .whereRaw(`metadata ->> 'change' = 'calendar_feed'`)
      .orderBy('id', 'desc')
      .limit(3)) as { metadata: { to: string } }[];
    expect(rows.map(({ metadata }) => metadata.to)).to.deep.equal(['off', 'renewed', 'renewed']);
    const token = second.split('/')[2] ?? '';
    expect(JSON.stringify(await fixture.app.db('audit_log'))).not.to.contain(token);
    expect(fixture.app.logLines.join('\n')).not.to.contain(token);
  });

  it('follows the rights of today: nothing for a person who is banned, moved away or of no organisation', async () => {
    const address = await made();
    const { db } = fixture.app;
    const user = await db('users').where({ email: rita }).first('id');
    const id = user?.id ?? '';
    await db('users').where({ id }).update({ banned: true });
    expect((await read(address)).status).to.equal(404);
    await db('users').where({ id }).update({ banned: false });
    const member = await db('members').where({ user_id: id }).first();
    const northside = await db('organizations').where({ name: 'Northside Claims' }).first('id');
    await db('members')
      .where({ user_id: id })
      .update({ organization_id: northside?.id ?? '' });
    expect(await eventsAt(address)).to.deep.equal([]);
    await db('members').where({ user_id: id }).delete();
    expect((await read(address)).status).to.equal(404);
    if (member) await db('members').insert(member);
    expect(await eventsAt(address)).to.have.length(1);
  });

  it('refuses an address that is read too often', async () => {
    const unknown = `/calendar/${'x'.repeat(43)}/examinations.ics`;
    const statuses = new Set<number>();
    for (let count = 0; count < 130; count++) statuses.add((await read(unknown)).status);
    expect([...statuses]).to.deep.equal([404, 429]);
    expect((await read(unknown)).headers.get('retry-after')).to.match(/^\d+$/);
  });
});
