import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { pino } from 'pino';
import { createMemoryCache } from '../../src/adapters/memory-cache.ts';
import { type Database, openDatabase } from '../../src/db/knex.ts';
import { migrate } from '../../src/db/migrate.ts';
import { missingPrivileges, tryJob } from '../../src/db/privileges.ts';
import type { Mailbox } from '../../src/dev/mailbox.ts';
import { createReadiness } from '../../src/doctor/index.ts';
import { noteDatabase } from '../../src/app/start-notes.ts';
import type { Agent } from '../support/app.ts';
import { dayFromToday } from '../support/days.ts';
import { pdf } from '../support/builders/files.ts';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';
import { formAddress, openForm, sendForm } from '../support/console-form.ts';
import { createFakeAcuity } from '../support/fakes/acuity.ts';
import { projectRoot } from '../support/stack.ts';
import { openMailbox, waitForMail } from '../support/mailbox.ts';
import { openTestStorage, type TestStorage } from '../support/object-storage.ts';
import { openWebhookStack, type WebhookStack } from '../support/webhook-stack.ts';
import { createAppRole } from '../support/app-role.ts';
import { bookingBody } from '../support/builders/booking-request.ts';

describe('the product on a database that another role owns', function () {
  this.timeout(120_000);
  let stack: WebhookStack;
  let mailbox: Mailbox;
  let storage: TestStorage;
  let rita: Agent;
  let bookingId: string;

  before(async () => {
    [mailbox, storage] = [await openMailbox(), await openTestStorage()];
    stack = await openWebhookStack({ env: { SMTP_URL: mailbox.smtpUrl, ...storage.env } });
    await stack.app.system.worker.start();
  });
  after(async () => {
    await stack.app.system.worker.stop();
    await stack.close();
    await storage.close();
    await mailbox.close();
  });

  it('signs in as a role that owns nothing', async () => {
    const { rows } = await stack.app.system.services.db.raw<{ rows: { owned: number }[] }>(
      'select count(*)::int as owned from pg_class where pg_has_role(relowner, $$USAGE$$)',
    );
    expect(rows).to.deep.equal([{ owned: 0 }]);
    rita = await stack.app.signInByPassword('rita@harbour-legal.example');
  });

  it('books, and its worker sends the mail', async () => {
    const { id: specialistId } = (await stack.app
      .db('specialists')
      .where({ acuity_calendar_id: 7001 })
      .first('id')) as { id: string };
    const free = await rita.get(
      `/specialists/${specialistId}/availability?type=in_person&month=${dayFromToday(30).slice(0, 7)}`,
    );
    const [day] = (free.body as { dates: string[] }).dates.slice(-1);
    const times = await rita.get(`/specialists/${specialistId}/availability?type=in_person&date=${day}`);
    const [slot] = (times.body as { slots: { startsAt: string }[] }).slots;
    const answer = await rita
      .post('/bookings')
      .send(bookingBody(specialistId, slot?.startsAt, { timezone: 'Australia/Sydney' }));
    expect(answer.status, JSON.stringify(answer.body)).to.equal(201);
    bookingId = (answer.body as { booking: { id: string } }).booking.id;
    await waitForMail(mailbox, ({ subject }) => subject.startsWith('Examination booked'), 20_000);
  });

  it('receives an Acuity event and follows it', async () => {
    const { id } = await stack.makeAppointment();
    await stack.settled();
    expect(await stack.booking(id)).to.include({ status: 'active' });
  });

  it('stores a document', async () => {
    const stored = await rita
      .post(`/bookings/${bookingId}/documents`)
      .field('category', 'brief')
      .attach('files', pdf(20_000), 'Brief.pdf');
    expect(stored.status, JSON.stringify(stored.body)).to.equal(201);
  });

  it('edits a record in the console', async () => {
    const sam = await stack.app.signIn('sam@examdesk.example');
    const address = formAddress('bookings', bookingId);
    const { version, values } = await openForm(sam, address);
    await sendForm(sam, address, { version, values: { ...values, claimNumber: 'CL-9000' } }).expect(200);
    const row: unknown = await stack.app.db('bookings').where({ id: bookingId }).first('claim_number');
    expect(row).to.deep.equal({ claim_number: 'CL-9000' });
  });

  it('reports that jobs work', async () => {
    const { body } = await stack.app.anonymous().get('/readyz');
    expect((body as { checks: object }).checks).to.include({ database: 'ok', jobs: 'ok' });
  });

  it('cannot change or empty the audit log, even without its triggers', async () => {
    const { db } = stack.app.system.services;
    for (const statement of [
      'update audit_log set action = action',
      'delete from audit_log',
      'truncate audit_log',
      'delete from audit_seals',
      'alter table audit_log disable trigger all',
      'delete from knex_migrations',
    ]) {
      const refused = await db.raw(statement).then(
        () => null,
        (error: unknown) => error,
      );
      expect(refused, statement).to.include({ code: '42501' });
      expect((refused as Error).message, statement).to.match(/permission denied|must be owner/);
    }
  });
});

describe('the privileges of the app’s role', () => {
  let database: TestDatabase;
  let role: string;
  let url: string;
  let app: Database;
  beforeEach(async () => {
    database = await openTestDatabase();
    ({ role, url } = await createAppRole(database.owner, database.ownerUrl));
    app = openDatabase(url, 2);
  });
  afterEach(async () => {
    await app.destroy();
    await database.close();
  });

  const notes = async (): Promise<string[]> => {
    const lines: string[] = [];
    const log = pino({ base: null }, { write: (line: string) => void lines.push(line) });
    await noteDatabase({ db: app, log });
    return lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
  };

  it('are granted by migrate, again and by two processes at the same time', async () => {
    await Promise.all([migrate(database.ownerUrl, role), migrate(database.ownerUrl, role)]);
    expect(await missingPrivileges(app)).to.deep.equal([]);
    await tryJob(app);
    expect(await notes()).to.deep.equal([]);
  });

  it('are granted on tables that the owner makes later', async () => {
    await migrate(database.ownerUrl, role);
    await database.owner.raw('create table made_later (id bigint generated always as identity)');
    await app.raw('insert into made_later default values');
  });

  it('are granted by npm run migrate when both addresses are set', async () => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [path.join(projectRoot, 'src/commands/migrate.ts')],
      {
        env: {
          ...process.env,
          MIGRATION_DATABASE_URL: database.ownerUrl,
          DATABASE_URL: url,
          NODE_ENV: 'production',
        },
      },
    );
    expect(stdout).to.contain('up to date').and.to.contain(`The role ${role} of the app may use it`);
    expect(await missingPrivileges(app)).to.deep.equal([]);
  });

  it('are part of what /readyz reports on jobs', async () => {
    await migrate(database.ownerUrl, role);
    const jobs = async () => {
      const look = createReadiness({
        db: app,
        cache: createMemoryCache(),
        acuity: createFakeAcuity(),
        store: null,
        scanner: null,
        sync: { connection: () => Promise.reject(new Error('Not asked here')) },
        isStopping: () => false,
      });
      return (await look()).checks.jobs;
    };
    expect(await jobs()).to.equal('no worker');
    await database.owner.raw(`drop policy app_${role} on graphile_worker._private_jobs`);
    expect(await jobs()).to.equal('down');
  });

  it('are named with the command that grants them when they are missing', async () => {
    expect(await missingPrivileges(app)).to.include.members(['select on bookings', 'insert on audit_log']);
    expect(await notes()).to.have.length(1);
    expect((await notes())[0])
      .to.contain('npm run migrate')
      .and.to.contain('MIGRATION_DATABASE_URL');
  });

  it('are checked at start when only the policies of the job queue are missing', async () => {
    await migrate(database.ownerUrl, role);
    await database.owner.raw(`drop policy app_${role} on graphile_worker._private_jobs`);
    expect(await missingPrivileges(app)).to.deep.equal([]);
    expect((await notes())[0]).to.contain('npm run migrate');
  });

  it('leave no job behind after the trial', async () => {
    await migrate(database.ownerUrl, role);
    await tryJob(app);
    expect(
      await database.db('graphile_worker._private_tasks').where({ identifier: 'privileges_probe' }),
    ).to.deep.equal([]);
  });

  it('are refused with a clear error for a role that does not exist', async () => {
    const missing = `app_${randomBytes(4).toString('hex')}`;
    const failure = await migrate(database.ownerUrl, missing).catch((error: unknown) => error);
    expect((failure as Error).message)
      .to.contain(missing)
      .and.to.contain('create role');
  });
});
