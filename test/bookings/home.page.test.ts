import { expect } from 'chai';
import { insertDocumentRow } from '../support/document-row.ts';
import { amelia, nadia, openPageFixture, rita, sam, type PageFixture } from '../support/page-fixture.ts';
import { markupErrors, type Visitor } from '../support/visitor.ts';

const rob = 'rob@harbour-legal.example';
const today = '2026-11-23T15:00:00+11:00';
const tomorrow = '2026-11-24T09:00:00+11:00';
const thursday = '2026-11-26T09:00:00+11:00';
const nextMonth = '2026-12-22T09:00:00+11:00';

describe('home', () => {
  let fixture: PageFixture;
  let visitor: Visitor;
  let colleague: Visitor;
  const ids: Record<string, string> = {};

  /** Monday 23 November, 9:00 am in Sydney. */
  before(async () => {
    fixture = await openPageFixture();
    visitor = await fixture.signedIn(rita);
    colleague = await fixture.signedIn(rob);
    for (const [at, lastName] of [
      [today, 'Today'],
      [tomorrow, 'Tomorrow'],
      [thursday, 'Thursday'],
      [nextMonth, 'Later'],
    ] as const)
      ids[lastName] = await book(lastName, at);
    await fixture.app.db('bookings').update({ time_chosen_at: new Date('2026-11-02T09:00:00+11:00') });
  });
  after(() => fixture.close());

  async function book(lastName: string, at: string): Promise<string> {
    fixture.acuity.offer(amelia, at);
    await fixture.app.system.services.availability.invalidate(amelia);
    const answer = await visitor.raw('/bookings', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({
        specialistId: await fixture.specialistId('Dr Amelia Hart'),
        type: 'in_person',
        startsAt: at,
        examinee: { firstName: 'Maria', lastName, phone: '0412 345 678' },
      }),
    });
    const body = (await answer.json()) as { booking?: { id: string } };
    if (!body.booking) throw new Error(`Not booked: ${answer.status} ${JSON.stringify(body)}`);
    return body.booking.id;
  }

  async function addDocument(
    bookingId: string,
    category: 'brief' | 'consent_form' | 'report',
  ): Promise<string> {
    const { id: uploaded_by_id } = (await fixture.app.db('users').where({ email: sam }).first('id')) as {
      id: string;
    };
    return insertDocumentRow(fixture.app.db, { booking_id: bookingId, category, uploaded_by_id });
  }
  const release = async (id: string) =>
    fixture.app.db('documents').where({ id }).update({ released_at: new Date(), releases: 1 });
  const home = (path = '/', who = visitor) => who.get(path);

  it('names what is late and what is due, then the days ahead', async () => {
    const page = await home();
    expect(page.text('h1')).to.equal('Hello, Rita');
    expect(page.texts('.need')).to.deep.equal([
      'Maria Today · Dr Hart · Mon 23 Nov, 3:00 pm Late: consent form and brief due Wed 18 Nov',
      'Maria Tomorrow · Dr Hart · Tue 24 Nov, 9:00 am Late: consent form and brief due Thu 19 Nov',
      'Maria Thursday · Dr Hart · Thu 26 Nov, 9:00 am Due today: consent form and brief',
    ]);
    expect(page.texts('h2')).to.deep.equal(['Needs you', 'Today', 'Tomorrow', 'Next seven days']);
    expect(page.texts('.list-name')).to.deep.equal(['Maria Today', 'Maria Tomorrow', 'Maria Thursday']);
    expect(page.texts('.list-with')[0], 'on a phone').to.equal('· Dr Hart');
    expect(page.texts('.list-progress .tag-danger')).to.have.length(2);
    expect(page.attribute('.need-link', 'href')).to.equal(`/bookings/${ids.Today}#documents`);
    expect(await markupErrors(page)).to.deep.equal([]);
  });

  it('counts down on the booking’s own page, from its confirmation on', async () => {
    const page = await visitor.get(`/bookings/${ids.Thursday}?confirmed`);
    expect(page.texts('.papers li')).to.deep.equal(['Consent form due today', 'Brief due today']);
    expect(page.texts('.next-steps li')).to.include.members(['Consent form due today.', 'Brief due today.']);
    expect(page.text('.next .button')).to.equal('Upload the consent form and the brief');
    expect(await markupErrors(page)).to.deep.equal([]);
    expect((await visitor.get(`/bookings/${ids.Later}`)).texts('.papers li')).to.deep.equal([
      'Consent form due Thu 17 Dec 18 business days left',
      'Brief due Thu 17 Dec 18 business days left',
    ]);
  });

  it('asks for documents by the next business day when a time was chosen inside their lead time', async () => {
    const justNow = { time_chosen_at: fixture.clock.at };
    const booking = () => fixture.app.db('bookings').where({ id: ids.Tomorrow });
    const [before] = await booking().select('time_chosen_at');
    await booking().update(justNow);
    const page = await visitor.get(`/bookings/${ids.Tomorrow}?confirmed`);
    expect(page.texts('.papers li')).to.deep.equal(['Consent form due tomorrow', 'Brief due tomorrow']);
    await booking().update(before!);
  });

  it('says that all is clear when every document is there', async () => {
    for (const name of ['Today', 'Tomorrow', 'Thursday'])
      for (const category of ['brief', 'consent_form'] as const) await addDocument(ids[name] ?? '', category);
    const page = await home();
    expect(page.text('.notice-ok')).to.contain('All clear.');
    expect(page.has('.need')).to.equal(false);
  });

  it('marks a report as new until its referrer opened the booking, not by an admin’s view or a program’s', async () => {
    await release(await addDocument(ids.Later ?? '', 'report'));
    expect((await home()).texts('.need .tag')).to.deep.equal(['New', 'Report ready']);
    expect((await home()).texts('.tabs .tag').map((text) => text.split(' ')[0])).to.deep.equal(['1', '1']);
    const acting = await fixture.app.signIn('ada@examdesk.example');
    const { id: userId } = (await fixture.app.db('users').where({ email: rita }).first('id')) as {
      id: string;
    };
    await acting.post('/admin/impersonate').send({ userId, reason: 'Helps on the phone' }).expect(200);
    await acting.get(`/bookings/${ids.Later}`).set('accept', 'text/html').expect(200);
    const program = await fixture.app.signIn(rita);
    await program.get(`/bookings/${ids.Later}`).set('accept', 'application/json').expect(200);
    expect((await home()).texts('.need .tag')).to.deep.equal(['New', 'Report ready']);
    await visitor.get(`/bookings/${ids.Later}`);
    expect((await home()).has('.need')).to.equal(false);
  });

  it('keeps to a person’s own bookings, with those of the organisation one link away', async () => {
    await release(await addDocument(ids.Thursday ?? '', 'report'));
    const own = await home('/', colleague);
    expect(own.text('.notice-ok')).to.contain('All clear.');
    expect(own.text('.empty')).to.contain('No upcoming examinations');
    expect(own.texts('.tabs a')[1]).to.match(/^Harbour Legal 1/);
    const all = await home('/?whose=all', colleague);
    expect(all.texts('.need .tag')).to.deep.equal(['New', 'Report ready']);
    expect(all.texts('.rows tbody tr')).to.have.length(3);
    const stranger = await home('/?whose=all', await fixture.signedIn(nadia));
    expect(stranger.has('.need')).to.equal(false);
    expect(stranger.has('.rows')).to.equal(false);
  });

  it('shows the next examination when there is none within a week', async () => {
    fixture.clock.at = new Date('2026-12-01T09:00:00+11:00');
    const page = await home();
    expect(page.texts('h2')).to.deep.equal(['Needs you', 'Next']);
    fixture.clock.at = new Date('2026-11-23T09:00:00+11:00');
  });

  it('shows staff what is ahead for every organisation, and nothing as needed', async () => {
    const page = await home('/', await fixture.signedIn(sam));
    expect(page.texts('h2')).to.deep.equal(['Today', 'Tomorrow', 'Next seven days']);
    expect(page.has('.tabs')).to.equal(false);
  });
});
