import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { noProfile } from '../support/builders/specialist.ts';
import { createSpecialistRepository } from '../../src/specialists/index.ts';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';

describe('specialist repository', () => {
  let database: TestDatabase;
  const amelia = randomUUID();
  const bruno = randomUUID();
  const gone = randomUUID();

  before(async () => {
    database = await openTestDatabase();
    const { db } = database;
    await db('specialists').insert([
      {
        id: bruno,
        name: 'Bruno Keller',
        title: 'Dr',
        specialty: 'Psychiatry',
        location: '100% Rooms, Sydney',
        timezone: 'Australia/Sydney',
        acuity_calendar_id: 7002,
        position: 1,
      },
      {
        id: amelia,
        name: 'Amelia Hart',
        title: 'Dr',
        specialty: 'Orthopaedic surgery',
        location: 'Level 2, Sydney',
        timezone: 'Australia/Sydney',
        acuity_calendar_id: 7001,
        position: 2,
      },
      {
        id: gone,
        name: 'Gone Away',
        specialty: 'Neurology',
        timezone: 'Australia/Perth',
        acuity_calendar_id: 7003,
        is_active: false,
      },
    ]);
    await db('specialist_services').insert([
      { specialist_id: bruno, type: 'telehealth', acuity_appointment_type_id: 8004, duration_minutes: 60 },
      { specialist_id: bruno, type: 'in_person', acuity_appointment_type_id: 8003, duration_minutes: 90 },
      { specialist_id: amelia, type: 'in_person', acuity_appointment_type_id: 8001, duration_minutes: 60 },
    ]);
  });
  after(() => database.close());

  const ids = async (filter: Parameters<ReturnType<typeof createSpecialistRepository>['listActive']>[0]) =>
    (await createSpecialistRepository(database.db).listActive(filter)).map(({ id }) => id);

  it('lists the active ones in their order, with what they offer', async () => {
    const all = await createSpecialistRepository(database.db).listActive();
    expect(all.map(({ id }) => id)).to.deep.equal([bruno, amelia]);
    expect(all[0]).to.deep.equal({
      profile: noProfile,
      id: bruno,
      name: 'Bruno Keller',
      title: 'Dr',
      specialty: 'Psychiatry',
      location: '100% Rooms, Sydney',
      timezone: 'Australia/Sydney',
      acuityCalendarId: 7002,
      isActive: true,
      services: [
        { type: 'in_person', acuityAppointmentTypeId: 8003, durationMinutes: 90 },
        { type: 'telehealth', acuityAppointmentTypeId: 8004, durationMinutes: 60 },
      ],
    });
  });

  it('finds by words of the title, name, specialty and place, whatever their case and order', async () => {
    expect(await ids({ q: 'hart' })).to.deep.equal([amelia]);
    expect(await ids({ q: 'sydney PSYCH' })).to.deep.equal([bruno]);
    expect(await ids({ q: '  ' })).to.deep.equal([bruno, amelia]);
    expect(await ids({ q: 'hart perth' })).to.deep.equal([]);
  });

  it('reads a percent sign, an underscore and a backslash literally', async () => {
    expect(await ids({ q: '100%' })).to.deep.equal([bruno]);
    expect(await ids({ q: 'H_rt' })).to.deep.equal([]);
    expect(await ids({ q: '\\' })).to.deep.equal([]);
    expect(await ids({ q: "'; drop table specialists --" })).to.deep.equal([]);
    expect(await ids({ q: 'Hart\0' })).to.deep.equal([amelia]);
  });

  it('filters by what is offered', async () => {
    expect(await ids({ type: 'telehealth' })).to.deep.equal([bruno]);
    expect(await ids({ type: 'in_person', q: 'sydney' })).to.deep.equal([bruno, amelia]);
  });

  it('finds one by id, also one that is no longer active', async () => {
    const specialists = createSpecialistRepository(database.db);
    expect((await specialists.findById(gone))?.isActive).to.equal(false);
    expect((await specialists.findById(amelia.toUpperCase()))?.name).to.equal('Amelia Hart');
    expect((await specialists.findByCalendar(7001))?.id).to.equal(amelia);
  });

  it('finds nothing when the id is no UUID', async () => {
    const specialists = createSpecialistRepository(database.db);
    for (const id of ['', 'new', '1', `${amelia}x`, "' or 1=1", amelia.replaceAll('-', '')]) {
      expect(await specialists.findById(id), id).to.equal(null);
    }
    expect(await specialists.findById(randomUUID())).to.equal(null);
    expect(await specialists.findByCalendar(Number.NaN)).to.equal(null);
    expect(await specialists.findByCalendar(1)).to.equal(null);
  });

  it('reads inside a transaction what the transaction wrote', async () => {
    const specialists = createSpecialistRepository(database.db);
    await database.db
      .transaction(async (trx) => {
        await trx('specialists').where({ id: amelia }).update({ is_active: false });
        expect((await specialists.findById(amelia, trx))?.isActive).to.equal(false);
        throw new Error('undo');
      })
      .catch((error: Error) => expect(error.message).to.equal('undo'));
    expect((await specialists.findById(amelia))?.isActive).to.equal(true);
  });
});
