import { expect } from 'chai';
import type { Visitor } from '../support/visitor.ts';
import {
  ewan,
  inUtc,
  nadia,
  nineOnTuesday,
  openPageFixture,
  rita,
  sam,
  type PageFixture,
} from '../support/page-fixture.ts';

const partial = { 'HX-Request-Type': 'partial' };
const elevenOnWednesday = '2026-12-02T11:00:00+11:00';

describe('status polling of an open booking page', () => {
  let fixture: PageFixture;
  let visitor: Visitor;
  let bookingPath: string;

  before(async () => {
    fixture = await openPageFixture();
    fixture.acuity.offer(7001, nineOnTuesday, elevenOnWednesday);
    visitor = await fixture.signedIn(rita);
    const draftId = await fixture.draftAt(visitor, 'time');
    await visitor.post(`/bookings/new/${draftId}/time`, { startsAt: inUtc(nineOnTuesday) });
    const check = await visitor.post(`/bookings/new/${draftId}/examinee`, ewan);
    bookingPath = (await visitor.post('/bookings', check.form('/bookings'))).at.replace('?confirmed', '');
  });

  after(() => fixture.close());

  const ask = (who: Visitor, seen: string) =>
    who.get(`${bookingPath}/status?seen=${encodeURIComponent(seen)}`, partial);
  const seenVersion = async () => (await visitor.get(bookingPath)).attribute('#booking-seen', 'value');
  const viewings = async () => {
    const [row] = (await fixture.app
      .db('audit_log')
      .where({ action: 'booking.viewed' })
      .count('id as n')) as {
      n: number | string;
    }[];
    return Number(row?.n);
  };

  it('answers nothing while nothing changed, and counts as no view', async () => {
    const seen = await seenVersion();
    const before = await viewings();
    const answer = await ask(visitor, seen);
    expect([answer.status, answer.html]).to.deep.equal([204, '']);
    expect(await viewings()).to.equal(before);
  });

  it('sends each part that may have changed to its place, and no form', async () => {
    const seen = await seenVersion();
    const staff = await fixture.signedIn(sam);
    await staff.post(`${bookingPath}/progress`, { progress: 'generating_report' });
    const answer = await ask(visitor, seen);
    expect(answer.status).to.equal(200);
    expect(answer.text('#booking-tags')).to.contain('Report being written');
    expect(answer.texts('.timeline-what')[0]).to.contain('Report being written');
    expect(answer.has('form')).to.equal(false);
    const page = await visitor.get(bookingPath);
    const targets = answer.all('hx-partial').map((one) => one.getAttributeValue('hx-target') ?? '');
    expect(targets).to.include('#booking-tags');
    for (const target of targets) expect(page.all(target), target).to.have.length(1);
    const now = answer.attribute('#booking-seen', 'value');
    expect(now).to.equal(page.attribute('#booking-seen', 'value'));
    expect((await ask(visitor, now)).status).to.equal(204);
  });

  it('hides the booking from another organisation', async () => {
    const other = await fixture.signedIn(nadia);
    const answer = await ask(other, '');
    expect([answer.status, answer.html]).to.deep.equal([404, '']);
    const unknown = await other.get('/bookings/00000000-0000-7000-8000-000000000000/status', partial);
    expect([unknown.status, unknown.html]).to.deep.equal([404, '']);
  });

  it('redirects a person who opens its URL to the booking', async () => {
    expect((await visitor.get(`${bookingPath}/status`)).at).to.equal(bookingPath);
  });

  it('asks for a sign-in when the session is over', async () => {
    const answer = await ask(fixture.visitor(), '');
    expect(answer.status).to.equal(401);
    expect(answer.headers.get('hx-redirect')).to.match(/^\/sign-in/);
  });
});
