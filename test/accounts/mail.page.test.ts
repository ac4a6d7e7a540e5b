import { expect } from 'chai';
import { createOutbox } from '../../src/email/index.ts';
import { markupErrors, type Visitor } from '../support/visitor.ts';
import { openAccountFixture, type AccountFixture } from '../support/account-fixture.ts';

const rita = 'rita@harbour-legal.example';
const page = '/account/mail';

describe('the choice of e-mails', () => {
  let fixture: AccountFixture;
  let ritas: Visitor;
  before(async () => {
    fixture = await openAccountFixture();
    ritas = await fixture.signedIn(rita);
  });
  after(() => fixture.close());
  beforeEach(() => fixture.app.db('mail_preferences').delete());

  const off = () =>
    fixture.app.db('mail_preferences').where({ delivery: 'off' }).orderBy('kind').pluck('kind');
  const choose = (on: string[], who = ritas) =>
    who.post(
      page,
      on.map((kind): [string, string] => [kind, 'on']),
    );
  const all = [
    'booking_confirmation',
    'booking_rescheduled',
    'booking_cancelled',
    'booking_no_show',
    'booking_reminder',
    'document_added',
    'report_ready',
  ];
  const ticked = async (who = ritas) =>
    (await who.get(page)).all('input[checked]').map((input) => input.getAttribute('name')?.value);

  it('page shows every kind as on, in valid markup, when nothing was chosen', async () => {
    expect((await ritas.get('/account')).attribute(`a[href="${page}"]`, 'href')).to.equal(page);
    const visit = await ritas.get(page);
    expect(await markupErrors(visit)).to.deep.equal([]);
    expect(visit.texts('.mail-kind label')).to.have.length(all.length);
    expect(await ticked()).to.deep.equal(all);
  });

  it('form switches off what is not ticked, with one audit row, when it is sent twice', async () => {
    const rest = all.filter((kind) => kind !== 'document_added');
    const saved = await choose(rest);
    expect(saved.at).to.equal(`${page}?done=saved`);
    expect(saved.text('.notice')).to.equal('Your choice is saved.');
    await choose(rest);
    expect(await off()).to.deep.equal(['document_added']);
    expect(await ticked()).to.deep.equal(rest);
    expect((await ritas.get('/account')).text('.account-list')).to.contain('6 of 7 kinds');
    await choose(all);
    expect(await off()).to.deep.equal([]);
    const rows = (await fixture.app
      .db('audit_log')
      .where({ resource_type: 'user', resource_id: await fixture.userId(rita) })
      .orderBy('id', 'desc')
      .limit(3)) as { action: string; metadata: unknown; actor_id: string }[];
    expect(rows.map(({ metadata }) => metadata).slice(0, 2)).to.deep.equal([
      { change: 'mail_preferences', on: ['document_added'], off: [] },
      { change: 'mail_preferences', on: [], off: ['document_added'] },
    ]);
    expect(rows[0]).to.include({ action: 'record.changed', actor_id: await fixture.userId(rita) });
    const own = rows.filter(({ metadata }) => JSON.stringify(metadata).includes('mail_preferences'));
    expect(own, 'the second time changed nothing').to.have.length(2);
  });

  it('form takes no kind that may not be stopped, and no nonsense, when they are sent', async () => {
    await choose([...all, 'booking_failed', 'password_changed', 'unassigned_bookings', 'nonsense', '\u0000']);
    expect(await fixture.app.db('mail_preferences')).to.deep.equal([]);
    await ritas.post(page, {
      report_ready: 'on',
      user_id: await fixture.userId('rob@harbour-legal.example'),
    });
    const rows = (await fixture.app.db('mail_preferences').distinct('user_id')) as { user_id: string }[];
    expect(rows.map(({ user_id }) => user_id)).to.deep.equal([await fixture.userId(rita)]);
    expect(await off()).to.have.length(all.length - 1);
  });

  it('form keeps both choices whole when two browsers save at once', async () => {
    await Promise.all([choose([]), choose(all), choose([]), choose(all)]);
    expect([0, all.length]).to.include((await off()).length);
  });

  it('page offers staff the digest alone', async () => {
    const sams = await fixture.signedIn('sam@examdesk.example');
    expect(await ticked(sams)).to.deep.equal(['unassigned_bookings']);
    await choose([], sams);
    expect(await off()).to.deep.equal(['unassigned_bookings']);
  });

  it('mail links to the page when its kind may be stopped, and stops when it is', async () => {
    const { db, system } = fixture.app;
    const specialist = (await db('specialists').first('id')) as { id: string };
    const id = system.services.ids.uuid();
    const organizationId = await fixture.organizationId('Harbour Legal');
    await db('bookings').insert({
      id,
      reference: 'EX-AAAAA2',
      acuity_appointment_id: 7,
      specialist_id: specialist.id,
      organization_id: organizationId,
      created_by_id: await fixture.userId(rita),
      examinee_first_name: 'Ewan',
      examinee_last_name: 'Marsh',
      examinee_phone: '+61412345678',
      starts_at: new Date('2027-12-01T00:00:00Z'),
      duration_minutes: 60,
      timezone: 'Australia/Sydney',
      type: 'in_person',
      source: 'portal',
    });
    const announce = createOutbox({ jobs: system.services.jobs, ids: system.services.ids });
    const cancel = (occasion: string) =>
      db.transaction((trx) => announce(trx, { kind: 'booking_cancelled', bookingId: id, occasion }));
    await cancel('one');
    const { mail } = await fixture.mailTo(rita, /Examination cancelled/);
    expect(mail.text).to.include(`${fixture.app.url}${page}`);
    expect(mail.html).to.include(`href="${fixture.app.url}${page}"`);
    await choose(all.filter((kind) => kind !== 'booking_cancelled'));
    await cancel('two');
    expect(await db('emails').where({ kind: 'booking_cancelled' })).to.have.length(1);
  });
});
