import { expect } from 'chai';
import { systemIds } from '../../src/adapters/system-ids.ts';
import { contactsOf, type Announcement, type ContactRole } from '../../src/bookings/index.ts';
import { createOutbox } from '../../src/email/index.ts';
import {
  openBookingFixture,
  openBookingGround,
  tuesdayAtTen,
  valueOf,
  type BookingFixture,
  type BookingGround,
} from '../support/booking-fixture.ts';
import { createFakeAcuity } from '../support/fakes/acuity.ts';
import { withFaults, type FaultyAcuity } from '../support/faulty-acuity.ts';
import { insertPeople } from '../support/own-people.ts';

type Name = keyof BookingFixture['people'];

describe('who is told about a booking', () => {
  let ground: BookingGround;
  let fixture: BookingFixture;
  let acuity: FaultyAcuity;
  let bookingId: string;

  before(async () => {
    ground = await openBookingGround();
  });
  after(() => ground.close());
  beforeEach(async () => {
    const fake = createFakeAcuity();
    fake.offer(7001, tuesdayAtTen.toISOString(), '2026-12-02T10:00:00+11:00');
    acuity = withFaults(fake);
    fixture = await openBookingFixture(acuity, {}, ground);
    bookingId = valueOf(await fixture.attempts.book(fixture.people.rita, fixture.requestFor(), null)).id;
    await fixture.db('emails').delete();
  });

  const idOf = (name: Name) => fixture.people[name].viewer.userId;
  const announce = (announcement: Partial<Announcement> & Pick<Announcement, 'kind'>) =>
    fixture.db.transaction((trx) => fixture.deps.announce(trx, { bookingId, ...announcement }));
  const told = async (): Promise<string[]> => {
    const emails = await fixture.db('emails').orderBy('recipient').pluck('recipient');
    return emails.map((email) => email.split('@')[0] ?? '');
  };
  async function addContact(name: Name, role: ContactRole): Promise<void> {
    await fixture.db('booking_contacts').insert({
      id: systemIds.uuid(),
      booking_id: bookingId,
      user_id: idOf(name),
      role,
      created_by_id: idOf('rita'),
    });
  }
  async function addColleague(): Promise<string> {
    const id = systemIds.uuid();
    const email = 'lena@harbour-legal.example';
    const organizationId = fixture.people.rita.viewer.organization?.id ?? null;
    await insertPeople(fixture.db, [{ id, name: 'Lena Long', email, organizationId }]);
    return id;
  }

  it('audience includes booker and solicitor, and leaves out who only receives the report, when a booking changes', async () => {
    const lena = await addColleague();
    await addContact('rob', 'solicitor');
    await fixture.db('booking_contacts').insert({
      id: systemIds.uuid(),
      booking_id: bookingId,
      user_id: lena,
      role: 'report_recipient',
      created_by_id: idOf('rita'),
    });
    await announce({ kind: 'booking_rescheduled' });
    expect(await told()).to.deep.equal(['rita', 'rob']);
    await fixture.db('emails').delete();
    await announce({ kind: 'report_ready' });
    expect(await told()).to.deep.equal(['lena', 'rita', 'rob']);
  });

  it('outbox writes one message for a person when they are booker and contact twice over', async () => {
    await addContact('rita', 'solicitor');
    await addContact('rita', 'report_recipient');
    await announce({ kind: 'report_ready' });
    expect(await told()).to.deep.equal(['rita']);
  });

  it('outbox writes one message for each recipient when an occasion is announced twice at once', async () => {
    await addContact('rob', 'solicitor');
    const announcement = { kind: 'booking_cancelled', occasion: 'the same' } as const;
    await Promise.all([announce(announcement), announce(announcement), announce(announcement)]);
    expect(await told()).to.deep.equal(['rita', 'rob']);
    const jobs = await fixture
      .db('graphile_worker._private_jobs')
      .where('key', 'like', 'email:%')
      .select('key');
    expect(jobs.length).to.be.greaterThanOrEqual(2);
    await announce({ ...announcement, occasion: 'another' });
    expect(await told()).to.deep.equal(['rita', 'rita', 'rob', 'rob']);
  });

  it('outbox writes nothing when the announcing transaction rolls back', async () => {
    const broken = fixture.db.transaction(async (trx) => {
      await fixture.deps.announce(trx, { kind: 'booking_cancelled', bookingId });
      throw new Error('rolled back');
    });
    await broken.catch((error: unknown) => expect(error).to.have.property('message', 'rolled back'));
    expect(await told()).to.deep.equal([]);
  });

  it('audience leaves out a person when they switched the kind off, and only that kind', async () => {
    await addContact('rob', 'solicitor');
    await fixture
      .db('mail_preferences')
      .insert({ user_id: idOf('rob'), kind: 'booking_rescheduled', delivery: 'off' });
    await announce({ kind: 'booking_rescheduled' });
    expect(await told()).to.deep.equal(['rita']);
    await announce({ kind: 'booking_cancelled' });
    expect(await told()).to.deep.equal(['rita', 'rita', 'rob']);
    await announce({ kind: 'booking_rescheduled', occasion: 'to Rob', recipientIds: [idOf('rob')] });
    expect(await told()).to.have.length(3);
  });

  it('audience includes who asked for it when an attempt failed, whatever they switched off', async () => {
    await addContact('rita', 'solicitor');
    await fixture
      .db('mail_preferences')
      .insert({ user_id: idOf('rob'), kind: 'booking_failed', delivery: 'off' });
    acuity.failNext('before');
    const failing = fixture.requestFor({ startsAt: new Date('2026-12-02T10:00:00+11:00') });
    await fixture.attempts.book(fixture.people.rob, failing, null);
    const { id } = (await fixture.db('booking_attempts').where({ state: 'open' }).first('id')) as {
      id: string;
    };
    await announce({ kind: 'booking_failed', bookingId: null, attemptId: id });
    expect(await told()).to.deep.equal(['rob']);
  });

  it('audience includes the named people only, and never who did it, when they are named', async () => {
    await addContact('rob', 'solicitor');
    await announce({ kind: 'report_ready', recipientIds: [idOf('rob')] });
    expect(await told()).to.deep.equal(['rob']);
    await announce({ kind: 'document_added', exceptId: idOf('rita') });
    expect(await told()).to.deep.equal(['rob', 'rob']);
  });

  it('contacts leave out a person when they left the organisation or were deactivated', async () => {
    await addContact('rob', 'solicitor');
    await addContact('nadia', 'solicitor');
    const namesOf = async () => (await contactsOf(fixture.db, bookingId)).map(({ userId }) => userId);
    expect(await namesOf()).to.deep.equal([idOf('rob')]);
    await fixture
      .db('users')
      .where({ id: idOf('rob') })
      .update({ banned: true });
    expect(await namesOf()).to.deep.equal([]);
    await fixture
      .db('users')
      .where({ id: idOf('rob') })
      .update({ banned: false });
    await fixture
      .db('members')
      .where({ user_id: idOf('rob') })
      .update({ organization_id: fixture.people.nadia.viewer.organization?.id });
    await announce({ kind: 'booking_cancelled' });
    expect(await told()).to.deep.equal(['rita']);
  });

  it('contacts name the person who stands for them when one was merged away', async () => {
    const lena = await addColleague();
    await addContact('rob', 'solicitor');
    await fixture.db('booking_contacts').insert({
      id: systemIds.uuid(),
      booking_id: bookingId,
      user_id: lena,
      role: 'solicitor',
      created_by_id: idOf('rita'),
    });
    await fixture.db('merges').insert({
      id: systemIds.uuid(),
      kind: 'referrer',
      reason: 'The same twice',
      moved: '{}',
      from_id: idOf('rob'),
      into_id: lena,
      from_name: 'Rob',
      into_name: 'Lena',
      made_by_id: idOf('ada'),
    });
    await fixture
      .db('users')
      .where({ id: idOf('rob') })
      .update({ banned: true });
    expect(await contactsOf(fixture.db, bookingId)).to.deep.equal([
      { userId: lena, name: 'Lena Long', email: 'lena@harbour-legal.example', role: 'solicitor' },
    ]);
    await announce({ kind: 'booking_cancelled' });
    expect(await told()).to.deep.equal(['lena', 'rita']);
  });

  it('outbox tells nobody when the booking waits to be assigned', async () => {
    await fixture
      .db('bookings')
      .update({ source: 'acuity_direct', created_by_id: null, organization_id: null });
    await announce({ kind: 'booking_cancelled' });
    expect(await told()).to.deep.equal([]);
  });

  it('outbox writes one message for documents when they are added one after the other', async () => {
    const hourly = createOutbox({ jobs: fixture.deps.jobs, ids: systemIds, gatherMs: 10_000 * 86_400_000 });
    for (let n = 0; n < 3; n += 1)
      await fixture.db.transaction((trx) => hourly(trx, { kind: 'document_added', bookingId }));
    expect(await told()).to.deep.equal(['rita']);
    const { run_at } = (await fixture
      .db('graphile_worker._private_jobs')
      .whereNot('key', 'like', 'cron:%')
      .orderBy('id', 'desc')
      .first('run_at')) as { run_at: Date };
    expect(run_at.getTime()).to.be.greaterThan(Date.now());
  });

  it('database refuses a contact when the booking has that person in the role already', async () => {
    await addContact('rob', 'solicitor');
    const again = await addContact('rob', 'solicitor').then(
      () => null,
      (error: unknown) => (error as { constraint: string }).constraint,
    );
    expect(again).to.equal('booking_contacts_booking_id_user_id_role_key');
  });

  it('audit log names the booking when a contact is added without a row about it', async () => {
    await addContact('rob', 'solicitor');
    const row = (await fixture.db('audit_log').orderBy('id', 'desc').first()) as Record<string, unknown>;
    expect(row).to.include({ action: 'record.changed', resource_type: 'booking_contact' });
    expect(row.metadata).to.include({ of: bookingId });
    await fixture
      .db('mail_preferences')
      .insert({ user_id: idOf('rob'), kind: 'report_ready', delivery: 'off' });
    const own = (await fixture.db('audit_log').orderBy('id', 'desc').first()) as Record<string, unknown>;
    expect(own).to.include({ action: 'record.changed', resource_type: 'user', resource_id: idOf('rob') });
  });
});
