// The demo's bookings, appointments and documents agree with each other, as npm start makes them.
import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { appointmentsOf } from '../../seeds/demo/appointments.ts';
import { dayOfFirstStart, tellStory } from '../../seeds/demo/examinations.ts';
import { demoAccounts, seedDemo } from '../../seeds/demo.ts';
import { storyFor } from '../../src/dev/demo-data.ts';
import { progresses } from '../../src/bookings/index.ts';
import { startSimulator, type Simulator } from '../../src/simulator/index.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { openTestDatabase } from '../support/database.ts';

const credentials = { userId: '11100001', apiKey: 'demo-acuity-key' };

describe('the story of the demo in the stack', () => {
  let simulator: Simulator;
  let app: TestApp;
  const objects = new Map<string, Buffer>();

  before(async () => {
    const database = await openTestDatabase();
    simulator = await startSimulator({ port: 0, ...credentials });
    const put = async (key: string, bytes: Buffer) => void objects.set(key, bytes);
    expect(await seedDemo(database.db, storyFor(simulator, { put }))).to.equal(true);
    app = await startTestApp({ database, env: { ACUITY_BASE_URL: simulator.url } });
  });
  after(async () => {
    await app.close();
    await simulator.close();
  });

  const reconcile = async () => {
    const { sync } = app.system.services;
    const report = await sync.reconcile({ ...sync.spans().all, fixes: false });
    return sync.items(report?.id ?? '');
  };
  const numberOf = async (table: string, where: Record<string, unknown> = {}) =>
    Number((await app.db(table).where(where).count({ n: '*' }))[0]?.n);

  it('has its files checked at the first start: its documents are weeks old', async () => {
    const waiting = app.db('graphile_worker.jobs').where({ task_identifier: 'check_custody' });
    expect(await waiting.pluck('key')).to.deep.equal(['first:check_custody']);
  });

  it('differs from Acuity in the one appointment that the practice deleted', async () => {
    const found = await reconcile();
    expect(found.map(({ difference, reason }) => [difference, reason])).to.deep.equal([
      ['missing_there', 'Acuity does not know this appointment any more'],
    ]);
    const known = await app.db('drift_items').distinct('appointment_id').pluck('appointment_id');
    expect(known).to.deep.equal([found[0]?.appointmentId]);
  });

  it('is back in Acuity after a reset of the simulator', async () => {
    const extra = simulator.state.appointments[0]!;
    simulator.state.appointments.push({ ...extra, id: 1_800_000_000 });
    await fetch(`${simulator.url}/_sim/reset`, { method: 'POST' });
    expect(simulator.state.appointments).to.deep.equal(
      appointmentsOf(tellStory(dayOfFirstStart(new Date()))),
    );
    expect(await reconcile()).to.have.length(1);
  });

  it('has about forty bookings in every stage, of two law firms and an insurer', async () => {
    expect(await numberOf('bookings')).to.be.within(38, 45);
    expect(await app.db('bookings').distinct('current_progress').pluck('current_progress')).to.have.members([
      ...progresses,
    ]);
    expect(await numberOf('organizations')).to.equal(3);
    expect(await numberOf('users', { role: 'referrer' })).to.equal(8);
  });

  it('tells Rita of the new report, and of what the clinic moved and cancelled', async () => {
    const rita = await app.signIn('rita@harbour-legal.example');
    const { text } = await rita.get('/').set('Accept', 'text/html').expect(200);
    for (const words of ['Eleanor Voss', 'Report ready', 'Moved by the clinic', 'Cancelled by the clinic'])
      expect(text).to.include(words);
    expect(text).not.to.include('Paul Kowalski');
  });

  it('has something for staff to do of each kind', async () => {
    expect(await numberOf('bookings', { organization_id: null })).to.equal(2);
    expect(await numberOf('bookings', { details_needed: true })).to.equal(1);
    expect(await numberOf('emails', { status: 'failed' })).to.equal(1);
    expect(await numberOf('booking_messages', { is_from_staff: false, answered_at: null })).to.equal(1);
    expect(await numberOf('booking_news', { kind: 'message' })).to.equal(1);
    expect(await numberOf('impersonations')).to.equal(1);
    expect(await numberOf('bookings', { current_progress: 'no_show' })).to.equal(1);
  });

  it('gives the five accounts alone a password', async () => {
    const emails = await app.db('accounts').join('users', 'users.id', 'accounts.user_id').pluck('email');
    expect(emails).to.have.members(demoAccounts.map(({ email }) => email));
  });

  it('stores each document’s bytes under its key, with their hash', async () => {
    const documents = await app.db('documents').select('s3_key', 'sha256', 'size_bytes', 'mime_type');
    const keys = [...objects.keys()].filter((key) => key.startsWith('documents/'));
    expect(documents.map(({ s3_key }) => s3_key)).to.have.members(keys);
    for (const { s3_key, sha256, size_bytes, mime_type } of documents) {
      const bytes = objects.get(s3_key)!;
      expect(createHash('sha256').update(bytes).digest('hex')).to.equal(sha256);
      expect(bytes.length).to.equal(size_bytes);
      expect(mime_type).to.be.oneOf(['application/pdf', 'audio/wav']);
    }
  });

  it('released one report for its referrer yesterday or on the last business day', async () => {
    const rita = await app.signIn('rita@harbour-legal.example');
    const found = (await rita.get('/bookings?progress=report_generated&q=Voss').expect(200)).body as {
      bookings: { id: string }[];
    };
    const shown = (await rita.get(`/bookings/${found.bookings[0]?.id}`).expect(200)).body as {
      documents: { category: string }[];
    };
    expect(shown.documents.map(({ category }) => category)).to.include('report');
  });

  it('gives each specialist a photo and a CV, and Dr Hart the median wait of five reports', async () => {
    expect(await numberOf('specialist_files')).to.equal(2 * (await numberOf('specialists')));
    const rita = await app.signIn('rita@harbour-legal.example');
    const hart = (await app.db('specialists').where({ acuity_calendar_id: 7001 }).first('id'))?.id;
    const { specialist } = (await rita.get(`/specialists/${hart}`).expect(200)).body as {
      specialist: { reportDays: number };
    };
    expect(specialist.reportDays).to.be.within(10, 18);
    expect((await app.system.services.reportWaits.bySpecialist()).get(hart ?? '')?.reports).to.equal(5);
  });

  it('records what happened in the audit log, in order, and each change by whom', async () => {
    const rows = await app
      .db('audit_log')
      .whereNot('action', 'record.changed')
      .orderBy('id')
      .select('at', 'action', 'actor_id');
    const times = rows.map(({ at }) => at.getTime());
    expect(times.slice(0, 100)).to.deep.equal(times.slice(0, 100).toSorted((a, b) => a - b));
    expect(await numberOf('audit_log', { action: 'booking.created' })).to.equal(await numberOf('bookings'));
    expect(await numberOf('audit_log', { action: 'document.uploaded' })).to.equal(
      await numberOf('documents'),
    );
    const released = await app.db('documents').whereNotNull('released_at').count({ n: '*' });
    expect(await numberOf('audit_log', { action: 'document.released' })).to.equal(Number(released[0]?.n));
  });

  it('ends each history with the booking’s own stage', async () => {
    const wrong = await app.db('bookings as b').whereRaw(
      `b.current_progress <> (select p.progress from booking_progress p where p.booking_id = b.id
         order by p.created_at desc, p.id desc limit 1)`,
    );
    expect(wrong).to.deep.equal([]);
  });
});
