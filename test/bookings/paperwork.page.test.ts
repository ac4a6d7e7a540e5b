import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { timeAhead } from '../support/days.ts';
import { insertDocumentRow } from '../support/document-row.ts';
import { amelia, openPageFixture, rita, sam, type PageFixture } from '../support/page-fixture.ts';
import { markupErrors, type Visitor } from '../support/visitor.ts';

const path = '/admin/paperwork';
// Ahead of the machine's clock: by it, PostgreSQL takes a changed rule over for the last month only.
const thursday = timeAhead(9, 2);

describe('paperwork for staff', () => {
  let fixture: PageFixture;
  let admin: Visitor;
  let specialistId: string;
  let bookingId: string;

  /** Monday, 9:00 am in Sydney: the documents for Thursday are due today. */
  before(async () => {
    fixture = await openPageFixture();
    fixture.clock.at = new Date(timeAhead(9, -1));
    admin = await fixture.signedIn('ada@examdesk.example');
    specialistId = await fixture.specialistId('Dr Amelia Hart');
    fixture.acuity.offer(amelia, thursday);
    await fixture.app.system.services.availability.invalidate(amelia);
    const visitor = await fixture.signedIn(rita);
    const answer = await visitor.raw('/bookings', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({
        specialistId,
        type: 'in_person',
        startsAt: thursday,
        examinee: { firstName: 'Maria', lastName: 'Santos', phone: '0412 345 678' },
      }),
    });
    bookingId = ((await answer.json()) as { booking: { id: string } }).booking.id;
    await fixture.app.db('bookings').update({ time_chosen_at: new Date(timeAhead(9, -22)) });
  });
  after(() => fixture.close());

  const rules = async (who = admin) =>
    (await who.get(path)).texts('#rules tbody tr').map((text) => text.replace(/ Change.*/, ''));
  const form = async (of: string) => (await admin.get(`${path}?change=${of}`)).form(path);
  const save = async (of: string, chosen: Record<string, string>) =>
    admin.post(path, { ...(await form(of)), ...chosen });
  const audited = () =>
    fixture.app
      .db('audit_log')
      .where({ resource_type: 'paperwork_rule' })
      .orderBy('id')
      .select('action', 'metadata');
  const put = async (category: 'consent_form' | 'brief', created_at: string) => {
    const { id: uploaded_by_id } = (await fixture.app.db('users').where({ email: rita }).first('id')) as {
      id: string;
    };
    await insertDocumentRow(fixture.app.db, {
      booking_id: bookingId,
      category,
      uploaded_by_id,
      created_at: new Date(created_at),
    });
  };

  it('shows who is late, and changes with the rules', async () => {
    const before = await admin.get(path);
    expect(await markupErrors(before)).to.deep.equal([]);
    expect(before.text('.notice-ok')).to.contain('Nobody is late');
    expect(before.text('.muted')).to.contain('No examination of the last 30 days needed documents');
    expect((await rules())[0]).to.equal('All specialists 3 business days before 3 business days before');
    const saved = await save(specialistId, { consent_form: '5', brief: 'none' });
    expect(saved.at).to.equal(`${path}?saved`);
    expect(await rules()).to.include('Dr Amelia Hart 5 business days before Not needed');
    const after = await admin.get(path);
    expect(await markupErrors(after)).to.deep.equal([]);
    expect(after.text('tbody tr')).to.contain('Maria Santos').and.to.contain('Harbour Legal');
    expect(after.text('.tag-danger')).to.equal('Consent form');
    expect(after.text('tbody .row-link')).to.match(/EX-/);
  });

  it('records each changed rule once, under the admin', async () => {
    await save(specialistId, { consent_form: 'as_for_all', brief: 'as_for_all' });
    await save(specialistId, { consent_form: 'as_for_all', brief: 'as_for_all' });
    await save('all', { consent_form: '2' });
    expect(await audited()).to.deep.equal([
      { action: 'record.changed', metadata: { specialistId, category: 'consent_form', businessDays: 5 } },
      { action: 'record.changed', metadata: { specialistId, category: 'brief', businessDays: 'none' } },
      {
        action: 'record.changed',
        metadata: { specialistId, category: 'consent_form', businessDays: 'as_for_all' },
      },
      { action: 'record.changed', metadata: { specialistId, category: 'brief', businessDays: 'as_for_all' } },
      {
        action: 'record.changed',
        metadata: { specialistId: null, category: 'consent_form', businessDays: 2 },
      },
    ]);
    await save('all', { consent_form: '3' });
  });

  it('says that figures are worked out again until the job has done it', async () => {
    const { db, system } = fixture.app;
    const notice = async () => (await admin.get(path)).texts('.notice').join(' ');
    await save(specialistId, { consent_form: 'as_for_all', brief: 'as_for_all' });
    expect(await notice()).not.to.contain('worked out again');
    const { rows } = await db.raw<{ rows: unknown[] }>(
      `select from graphile_worker.jobs where task_identifier = 'refresh_paperwork'`,
    );
    expect(rows).to.have.length(1);
    // As a rule leaves it that concerns more bookings than are done at once.
    await db('paperwork_refreshes').insert({ starts_at: new Date(0), booking_id: bookingId });
    expect(await notice()).to.contain('worked out again');
    expect(await markupErrors(await admin.get(path))).to.deep.equal([]);
    await system.services.paperwork.refresh();
    expect(await notice()).not.to.contain('worked out again');
  });

  it('refuses what is no rule, who is gone, and a form that is out of date', async () => {
    const start = await rules();
    for (const consent_form of ['as_for_all', '61', '-1', '2.5', 'soon', ''])
      expect((await save('all', { consent_form })).status, consent_form).to.equal(422);
    const refused = await save('all', { consent_form: '61' });
    expect(refused.text('.error-summary')).to.contain('Choose one of the offered rules');
    expect(await markupErrors(refused)).to.deep.equal([]);
    for (const unknown of [randomUUID(), 'nonsense', ''])
      expect((await save('all', { of: unknown })).status, unknown).to.equal(404);
    const old = await form('all');
    await save('all', { brief: '4' });
    const stale = await admin.post(path, { ...old, brief: '10' });
    expect(stale.status).to.equal(409);
    expect(stale.text('.error-summary')).to.contain('Somebody else changed these rules');
    await save('all', { brief: '3' });
    expect(await rules()).to.deep.equal(start);
  });

  it('shows support the same, without a way to change the rules', async () => {
    const support = await fixture.signedIn(sam);
    expect(await rules(support)).to.deep.equal(await rules());
    const page = await support.get(`${path}?change=all`);
    expect(page.has('form[action="/admin/paperwork"]')).to.equal(false);
    expect(page.texts('#rules a')).to.deep.equal([]);
  });

  it('counts an examination as complete in time when every document came by its last day', async () => {
    const share = async () => (await admin.get(path)).text('.muted');
    fixture.clock.at = new Date(timeAhead(9, 6));
    await put('consent_form', timeAhead(23, -1));
    await put('brief', timeAhead(0));
    expect(await share()).to.contain('0 of 1 examinations (0 %)');
    await put('brief', timeAhead(9, -4));
    expect(await share()).to.contain('1 of 1 examinations (100 %)');
  });
});
