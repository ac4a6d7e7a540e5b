// The app with the demo as npm start makes it: its people, bookings, appointments in a simulated Acuity, and documents
// in a store.
import type { Knex } from 'knex';
import { loadDemoData } from '../../src/dev/demo-data.ts';
import type { Overrides } from '../../src/compose.ts';
import { startSimulator } from '../../src/simulator/index.ts';
import { startTestApp, type TestApp } from './app.ts';
import { openTestDatabase } from './database.ts';
import { openTestStorage, testCredentials } from './object-storage.ts';
import { draftIdOf } from './page-fixture.ts';

export interface DemoApp {
  app: TestApp;
  simulatorUrl: string;
  /** The main pages outside the console, as a referrer and as an admin opens them. */
  readers: { email: string; addresses: string[] }[];
  close(): Promise<void>;
}

const rita = 'rita@harbour-legal.example';
const ada = 'ada@examdesk.example';
const acuityAccount = { userId: '11100001', apiKey: 'demo-acuity-key' };

export async function openDemoApp(overrides: Overrides = {}): Promise<DemoApp> {
  const [database, storage, simulator] = await Promise.all([
    openTestDatabase(),
    openTestStorage(),
    startSimulator({ port: 0, ...acuityAccount }),
  ]);
  const store = { url: storage.server.url, bucket: storage.bucket, ...testCredentials };
  await loadDemoData({ databaseUrl: database.url, simulator, store });
  const app = await startTestApp({
    database,
    overrides,
    env: { ...storage.env, ACUITY_BASE_URL: simulator.url },
  });
  return {
    app,
    simulatorUrl: simulator.url,
    readers: await readersOf(app),
    async close() {
      await app.close();
      await Promise.all([storage.close(), simulator.close()]);
    },
  };
}

async function readersOf(app: TestApp): Promise<DemoApp['readers']> {
  const visitor = await app.signedInVisitor(rita);
  const idOf = async (which: (rows: Knex.QueryBuilder) => unknown) => {
    const found = await app
      .db('bookings')
      .modify((rows) => void which(rows))
      .first('id');
    if (!found) throw new Error('The demo lacks a booking that the tests open');
    return found.id as string;
  };
  const reported = await idOf((rows) => rows.where({ examinee_last_name: 'Voss' }));
  const harbour = app.db('organizations').where({ slug: 'harbour-legal' }).select('id');
  const discussed = await idOf((rows) =>
    rows.whereIn('id', app.db('booking_messages').select('booking_id')).whereIn('organization_id', harbour),
  );
  const hart = (await app.system.services.specialists.findByCalendar(7001))?.id ?? '';
  const draftId = draftIdOf(await visitor.post('/bookings/new', { specialistId: hart, type: 'in_person' }));
  const booking = [`/bookings/${reported}`, `/bookings/${discussed}`, `/bookings/${discussed}/instructions`];
  const lists = [
    '/bookings',
    '/bookings?tab=past',
    '/bookings?status=active',
    '/bookings?tab=needs_you',
    '/bookings?view=agenda',
    '/bookings?view=day',
    '/bookings?view=week',
    '/bookings?view=calendar',
  ];
  const specialists = ['/specialists', `/specialists/${hart}`, '/specialists/first-free'];
  return [
    {
      email: rita,
      addresses: [
        '/',
        ...lists,
        ...booking,
        '/bookings/new',
        `/bookings/new/${draftId}/time`,
        ...specialists,
        '/wait-list',
        `/wait-list/new?specialist=${hart}&type=in_person`,
        '/search?q=hart',
        '/account',
        '/account/mail',
        '/account/calendar',
      ],
    },
    {
      email: ada,
      addresses: [
        '/',
        '/bookings',
        `/bookings/${discussed}`,
        `/specialists/${hart}`,
        `/specialists/${hart}/files`,
        '/admin/paperwork',
      ],
    },
  ];
}
