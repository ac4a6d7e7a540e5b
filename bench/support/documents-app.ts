// The app of the document benches, in a process of its own.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { compose } from '../../src/compose.ts';
import { readConfig } from '../../src/config.ts';
import { createFakeAcuity } from '../../test/support/fakes/acuity.ts';
import { aBookingRequest } from '../../test/support/builders/booking-request.ts';
import { ritaOf } from './rita.ts';

interface Plan {
  databaseUrl: string;
  storage: Record<string, string>;
}

const plan = JSON.parse(process.argv[2] ?? '{}') as Plan;
process.on('disconnect', () => process.exit());
process.send?.(await startApp());

async function startApp(): Promise<{ url: string; bookingId: string }> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const acuity = createFakeAcuity();
  const config = readConfig({
    NODE_ENV: 'test',
    DATABASE_URL: plan.databaseUrl,
    BASE_URL: url,
    BETTER_AUTH_SECRET: 'a-secret-for-the-bench-only-0123456789ab',
    SMTP_URL: 'smtp://127.0.0.1:9',
    ACUITY_BASE_URL: 'http://127.0.0.1:9',
    ACUITY_USER_ID: '1',
    ACUITY_API_KEY: 'bench',
    DEMO_ACCOUNTS: 'true',
    ...plan.storage,
  });
  const system = compose(config, { acuity, log: pino({ level: 'silent' }) });
  server.on('request', system.app);
  process.on('message', () => process.send?.(process.memoryUsage.rss()));
  const startsAt = new Date(Math.ceil(Date.now() / 3_600_000 + 48) * 3_600_000);
  acuity.offer(7001, startsAt.toISOString());
  const { db, specialists, attempts } = system.services;
  const specialist = await specialists.findByCalendar(7001);
  const booked = await attempts.book(await ritaOf(db), aBookingRequest(specialist?.id ?? '', startsAt), null);
  if (!booked.ok) throw new Error(`Not booked: ${booked.reason}`);
  return { url, bookingId: booked.value.id };
}
