import { expect } from 'chai';
import { startTestApp, type TestApp } from '../support/app.ts';
import { aBookingOf, personOf } from '../support/console-records.ts';

describe('the search for staff', () => {
  let app: TestApp;
  before(async () => {
    app = await startTestApp();
  });
  after(() => app.close());

  it('leads support from a referrer to the bookings that are theirs, and to no record of a person', async () => {
    const booking = await aBookingOf(app.db, 'rita', {});
    await aBookingOf(app.db, 'nadia', {});
    const rita = await personOf(app.db, 'rita');
    const sam = await app.signedInVisitor('sam@examdesk.example');
    const visit = await sam.post('/search', { q: 'rita' });
    expect(visit.texts('ul[aria-labelledby="found-referrers"] strong')).to.deep.equal(['Rita Alvarez']);
    expect(visit.text('#search-found')).to.contain('Harbour Legal').and.not.contain('Act as');
    expect(visit.attribute('ul[aria-labelledby="found-referrers"] a', 'href')).to.equal(
      `/admin/resources/bookings?filters.referrerId=${rita.id}`,
    );
    const agent = await app.signIn('sam@examdesk.example');
    const list = '/admin/api/resources/bookings/actions/list';
    const { body } = await agent.get(list).query({ 'filters.referrerId': rita.id }).expect(200);
    expect((body.records as { id: string }[]).map(({ id }) => id)).to.include(booking);
    const colleague = await (await app.signedInVisitor('rob@harbour-legal.example')).post('/search', {
      q: 'rita',
    });
    expect(colleague.texts('.found-group h2')).not.to.include('Bookings of a referrer');
  });
});
