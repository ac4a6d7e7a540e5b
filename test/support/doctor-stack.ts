// A complete, correctly configured system for the doctor's checks; tests then break single parts.
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { sealAudit } from '../../src/audit/index.ts';
import { compose } from '../../src/compose.ts';
import type { DoctorOverrides } from '../../src/app/doctor.ts';
import { readConfig } from '../../src/config.ts';
import type { Database } from '../../src/db/knex.ts';
import { uploadCors } from '../../src/dev/s3/cors.ts';
import type { DoctorReport, Line } from '../../src/doctor/index.ts';
import { bucketLifecycle } from '../../src/documents/index.ts';
import { startSimulator, type Simulator } from '../../src/simulator/index.ts';
import { startTestApp, type TestApp } from './app.ts';
import { silent } from './booking-fixture.ts';
import { clamdForTests, type TestClamd } from './clamd.ts';
import { openMailbox } from './mailbox.ts';
import { openTestStorage, type TestStorage } from './object-storage.ts';
import { redisForTests, type TestRedis } from './redis.ts';
import { listen } from './listen.ts';

export interface DoctorStack {
  app: TestApp;
  /** Connects as the owner of the tables; the app does not. */
  owner: Database;
  simulator: Simulator;
  storage: TestStorage;
  /** Null where Redis is not installed. */
  redis: TestRedis | null;
  clamd: TestClamd | null;
  /** The running web process. */
  env: Record<string, string>;
  /** The simulator's control API. */
  control(path: string, body: object): Promise<void>;
  /**
   * Runs the checks with these variables, beside the running process; without the virus scanner unless they name it:
   * that clamd takes large files shows only by a second of silence.
   */
  run(env?: Record<string, string>, overrides?: DoctorOverrides): Promise<DoctorReport>;
  close(): Promise<void>;
}

const credentials = { userId: '11100001', apiKey: 'demo-acuity-key' };

export async function openDoctorStack(): Promise<DoctorStack> {
  const [mailbox, redis, clamd] = [await openMailbox(), await redisForTests(), await clamdForTests()];
  const storage = await openTestStorage({ cors: uploadCors('*'), lifecycle: bucketLifecycle });
  const simulator = await startSimulator({ port: 0, ...credentials });
  const env = {
    ...storage.env,
    SMTP_URL: mailbox.smtpUrl,
    ACUITY_BASE_URL: simulator.url,
    UPLOAD_MAX_BYTES: '40000000',
    ...(redis && { REDIS_URL: redis.url }),
    ...(clamd && { CLAMD_URL: clamd.url }),
  };
  const app = await startTestApp({ env });
  const appEnv = { ...app.env, DATABASE_POOL_MAX: '4' };
  return {
    app,
    owner: app.database.owner,
    simulator,
    storage,
    redis,
    clamd,
    env: appEnv,
    async control(path, body) {
      const answer = await fetch(`${simulator.url}/_sim${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    },
    async run(change = {}, overrides = {}) {
      const system = compose(readConfig({ ...appEnv, CLAMD_URL: '', ...change }), {
        log: silent,
        questions: { timings: { gapMs: 0, retryMs: 0 } },
        doctor: overrides,
      });
      try {
        return await system.services.doctor.run();
      } finally {
        await system.close();
      }
    },
    async close() {
      await app.close();
      await simulator.close();
      await storage.close();
      await mailbox.close();
      await redis?.stop();
      await clamd?.stop();
    },
  };
}

/** What a running system has besides its configuration: its webhook in Acuity, live workers, a sealed audit log. */
export async function completeSetUp({ app, owner }: DoctorStack): Promise<void> {
  const made = await app.system.services.sync.connect(null);
  if (!made.ok) throw new Error(`Acuity was not connected: ${made.reason}`);
  const seen_at = new Date(Date.now() + 600_000);
  for (const kind of ['jobs', 'relay'] as const)
    await owner('workers').insert({ id: randomUUID(), kind, seen_at });
  await sealAudit(owner, readConfig(app.env).ENCRYPTION_KEYS);
}

/** The lines of one check. */
export function linesOf(report: DoctorReport, id: string): Line[] {
  const found = report.checks.find((check) => check.id === id);
  if (!found) throw new Error(`There is no check ${id}`);
  return found.lines;
}

export function said(report: DoctorReport, id: string): string[] {
  return linesOf(report, id).map(({ state, says }) => `${state}: ${says}`);
}

/** A mail server that refuses every sign-in. */
export async function openClosedMailServer(): Promise<{ url: string; close(): Promise<void> }> {
  const smtp = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    closeTimeout: 200,
    onAuth: (_auth, _session, done) =>
      done(Object.assign(new Error('Wrong password'), { responseCode: 535 })),
  });
  smtp.on('error', () => undefined);
  await new Promise<void>((resolve) => {
    smtp.listen(0, '127.0.0.1', resolve);
  });
  const { port } = smtp.server.address() as AddressInfo;
  return {
    url: `smtp://examdesk:not-the-password@127.0.0.1:${port}`,
    close: () => new Promise((resolve) => smtp.close(() => resolve())),
  };
}

/** A proxy in front of the app. `adds`: appends to the header, like nginx's `$proxy_add_x_forwarded_for`. */
export async function openForwarder(
  target: () => string,
  { adds }: { adds: boolean },
  makeServer: (
    pass: (req: IncomingMessage, res: import('node:http').ServerResponse) => void,
  ) => Server = createServer,
): Promise<{ port: number; close(): Promise<void> }> {
  const server = makeServer((req, res) => {
    const given = req.headers['x-forwarded-for'];
    const added = [given, req.socket.remoteAddress].filter(Boolean).join(', ');
    const headers = { ...req.headers, ...(adds && { 'x-forwarded-for': added }) };
    const upstream = request(new URL(req.url ?? '/', target()), {
      method: req.method,
      headers,
      agent: false,
    });
    upstream.on('response', (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(res);
    });
    upstream.on('error', () => res.destroy());
    req.pipe(upstream);
  });
  const port = await listen(server);
  return {
    port,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
