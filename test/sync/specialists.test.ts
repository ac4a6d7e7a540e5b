// What pages show of a specialist before anybody confirms is what Acuity says afterwards.
import { expect } from 'chai';
import { formAddress, sendForm } from '../support/console-form.ts';
import { openWebhookStack, rita, type WebhookStack } from '../support/webhook-stack.ts';

describe('reconciliation of specialists', () => {
  let stack: WebhookStack;
  const sync = () => stack.app.system.services.sync;
  const near = async (fixes: boolean) => (await sync().reconcile({ ...sync().nearSpan(), fixes }))!;
  const found = async (reportId: string) =>
    (await sync().items(reportId)).map((item) => `${item.specialist}: ${item.difference}, ${item.state}`);
  const specialist = (calendarId: number) =>
    stack.app
      .db('specialists as s')
      .join('specialist_services as v', 'v.specialist_id', 's.id')
      .where({ acuity_calendar_id: calendarId })
      .first('s.id', 'location', 'timezone', 'duration_minutes');
  /** What our copy says, changed without Acuity. */
  const set = (calendarId: number, change: { location?: string | null; timezone?: string }) =>
    stack.app.database.owner('specialists').where({ acuity_calendar_id: calendarId }).update(change);

  beforeEach(async () => {
    stack = await openWebhookStack({ target: null });
  });
  afterEach(() => stack.close());

  it('finds none in the demo, and each place is that of an appointment', async () => {
    expect(await near(false)).to.include({ state: 'done', found: 0 });
    const offered = await stack.app
      .db('specialists as s')
      .join('specialist_services as v', 'v.specialist_id', 's.id')
      .where({ type: 'in_person' })
      .select('location', 'acuity_calendar_id', 'acuity_appointment_type_id');
    expect(offered).to.have.length(9);
    for (const one of offered) {
      const { id } = await stack.makeAppointment({
        calendarID: Number(one.acuity_calendar_id),
        appointmentTypeID: Number(one.acuity_appointment_type_id),
      });
      const made = await stack.staff<{ location: string }>('GET', `/appointments/${id}`);
      expect(made.location, `calendar ${one.acuity_calendar_id}`).to.equal(one.location);
    }
  });

  it('finds places, zones and lengths that differ, and takes over Acuity’s', async () => {
    const acuitys = await specialist(7003);
    await set(7003, { location: '12 Ord Street, West Perth WA 6005', timezone: 'Australia/Sydney' });
    const { id } = acuitys!;
    const services = stack.app.database.owner('specialist_services').where({ specialist_id: id });
    await services.clone().update({ duration_minutes: 45 });

    const looked = await near(false);
    expect(looked).to.include({ found: 3, fixed: 0, unannounced: 0 });
    expect(await found(looked.id)).to.have.members([
      'Dr Chen Wei: specialist_place, found',
      'Dr Chen Wei: specialist_zone, found',
      'Dr Chen Wei: service_length, found',
    ]);
    const reasons = (await sync().items(looked.id)).map(({ reason }) => reason);
    expect(reasons).to.include(
      'Here “12 Ord Street, West Perth WA 6005”, in Acuity “12 St Georges Terrace, Perth WA 6000”.',
    );
    expect((await specialist(7003))?.location).to.contain('Ord Street');

    const fixed = await near(true);
    expect(fixed).to.include({ found: 3, fixed: 3 });
    expect(await specialist(7003)).to.deep.equal(acuitys);
    const rows = await stack.app
      .db('audit_log')
      .where({ resource_type: 'specialist', resource_id: id })
      .whereIn('action', ['drift.fixed', 'record.changed'])
      .whereRaw(`metadata ->> 'from' is not null or metadata ->> 'reportId' = ?`, [fixed.id]);
    expect(rows).to.have.length(6);
    expect(await near(true)).to.include({ found: 0 });
  });

  it('is shown to staff, with the specialist', async () => {
    await set(7005, { location: '88 Pirie Street, Adelaide SA 5000' });
    await near(false);
    const sam = await stack.app.signIn('sam@examdesk.example');
    const { body } = await sam.get('/admin/api/resources/drift-items/actions/list').expect(200);
    expect(body.records).to.have.length(1);
    expect(body.records[0].params).to.include({ difference: 'specialist_place', specialist: 'Dr Erik Lund' });
  });

  it('leaves a place alone that Acuity does not name, or that nobody visits', async () => {
    // By telehealth only; Acuity names no place.
    await set(7004, { location: 'Rooms by appointment' });
    await stack.app.database
      .owner('specialist_services')
      .where({ type: 'in_person' })
      .whereIn('specialist_id', stack.app.db('specialists').where({ acuity_calendar_id: 7005 }).select('id'))
      .delete();
    await set(7005, { location: null });
    expect(await near(true)).to.include({ found: 0 });
  });

  it('finds none after a specialist was added, whose place is Acuity’s whatever was typed', async () => {
    const { db } = stack.app;
    const { id } = (await specialist(7007))!;
    await stack.app.database.owner('specialist_services').where({ specialist_id: id }).delete();
    await stack.app.database.owner('specialists').where({ id }).delete();
    const ada = await stack.app.signIn('ada@examdesk.example');
    const values = {
      calendarId: 7007,
      name: 'Dr Gil Moreau',
      title: '',
      specialty: 'Plastic surgery',
      position: 7,
    };
    const more = { location: 'Level 2, Sydney', isActive: true, in_person: 8001, telehealth: '' };
    const sent = { version: '', values: { ...values, ...more } };
    await sendForm(ada, formAddress('specialists', null), sent).expect(200);
    const added = await db('specialists').where({ acuity_calendar_id: 7007 }).first('location');
    expect(added?.location).to.equal('Level 2, 9 Hunter Street, Sydney NSW 2000');
    expect(await near(false)).to.include({ found: 0 });
  });

  it('is what a referrer reads before and after the confirmation', async () => {
    await set(7001, { location: 'Somewhere else' });
    await near(true);
    const person = await stack.app.signedInVisitor(rita);
    const { id: specialistId } = (await specialist(7001))!;
    const chosen = await person.post('/bookings/new', { specialistId, type: 'in_person' });
    const place = (await stack.app.db('specialists').where({ id: specialistId }).first('location'))?.location;
    expect(place).to.equal('Level 8, 210 George Street, Sydney NSW 2000');
    expect(chosen.text('.choice')).to.contain(place);
  });
});
