// The restore drill: replaces the database by a backup that is older than Acuity, the bucket and the mailbox, and runs
// `npm run after-restore` as a process. Checks what was restored, what is listed, and that nobody was mailed.
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { openDatabase, type Database } from '../../src/db/knex.ts';
import type { Mailbox } from '../../src/dev/mailbox.ts';
import { startSimulator, type Simulator, type WebhookTarget } from '../../src/simulator/index.ts';
import { startTestApp, type Agent, type TestApp } from './app.ts';
import { acuityRate } from './acuity-rate.ts';
import { copyDatabase, openSeededDatabase, type TestDatabase } from './database.ts';
import { dayFromToday } from './days.ts';
import { openMailbox } from './mailbox.ts';
import { openTestStorage, type TestStorage } from './object-storage.ts';
import { testSecret } from './session.ts';
import { runCommand } from './stack.ts';
import { until } from './until.ts';
import { bookingBody } from './builders/booking-request.ts';

const credentials = { userId: '11100001', apiKey: 'demo-acuity-key' };
const [rita, rob, nadia] = [
  'rita@harbour-legal.example',
  'rob@harbour-legal.example',
  'nadia@northside-claims.example',
];
/** The long drill settles hundreds of bookings. */
const longestMs = 120_000;
const pdf = (text: string) => Buffer.from(`%PDF-1.4\n% ${text}\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n`);

interface Row {
  id: string;
  reference: string;
  acuity_appointment_id: number;
  source: string;
  organization_id: string | null;
  created_by_id: string | null;
  starts_at: Date;
  status: string;
  current_progress: string;
}

/** What must be restored of a booking; with `isDirect` its reference cannot be. */
const kept = (row: Row) => ({
  ...(row.source === 'portal' && { reference: row.reference }),
  source: row.source,
  organization: row.organization_id,
  createdBy: row.created_by_id,
  startsAt: row.starts_at.toISOString(),
  status: row.status,
  isNoShow: row.current_progress === 'no_show',
});

/** Other connections to the database: closing them, as an app does, keeps it. */
function visited({ url, ownerUrl }: TestDatabase): TestDatabase {
  const [db, owner] = [openDatabase(url), openDatabase(ownerUrl)];
  const close = async () => void (await Promise.all([db.destroy(), owner.destroy()]));
  return { db, url, owner, ownerUrl, close };
}

/** A bulk action that had not come to the confirmation of this booking when the backup was made. */
async function beginSendingAgain(db: Database, bookingId: string): Promise<void> {
  const email = await db('emails').where({ booking_id: bookingId, status: 'sent' }).first('id');
  const sam = await db('users').where({ email: 'sam@examdesk.example' }).first('id');
  const id = randomUUID();
  await db('bulk_actions').insert({
    id,
    kind: 'emails/send-again',
    made_by_id: sam!.id,
    request: JSON.stringify({ requestId: null, ip: null }),
    state: 'running',
    begun_at: db.raw(`now() - interval '1 hour'`),
  });
  await db('bulk_items').insert({
    bulk_action_id: id,
    place: 0,
    record_id: email!.id,
    seen: 'sent',
    state: 'waiting',
  });
}

/** @param size how many bookings are made after the backup */
export function describeRestoreDrill(size: number): void {
  describe(`npm run after-restore, with Acuity and the bucket ${size} bookings ahead of the backup`, () => {
    let storage: TestStorage;
    let mailbox: Mailbox;
    let simulator: Simulator;
    let app: TestApp | null = null;
    const webhookTargets: WebhookTarget[] = [];
    const databases: TestDatabase[] = [];

    before(async () => {
      [storage, mailbox] = [await openTestStorage(), await openMailbox()];
      simulator = await startSimulator({ port: 0, ...credentials, webhookTargets });
      await control('/switches', { limits: false });
    });
    after(async () => {
      await stop();
      await simulator.close();
      await mailbox.close();
      await storage.close();
      for (const database of databases) await database.close();
    });

    /** For the app and for the command. */
    const variables = () => ({
      ...storage.env,
      SMTP_URL: mailbox.smtpUrl,
      ACUITY_BASE_URL: simulator.url,
      ...acuityRate.env,
      WEBHOOK_DELAY_SECONDS: '0',
    });

    /** All processes on this database: web, relay, worker. */
    async function start(database: TestDatabase, attempts: ((step: string) => Promise<void>) | null = null) {
      const started = await startTestApp({
        database: visited(database),
        env: variables(),
        overrides: {
          relay: { pollMs: 25 },
          emails: { gatherMs: 100 },
          ...(attempts && { bookings: { onStep: attempts } }),
        },
      });
      webhookTargets.splice(0, webhookTargets.length, {
        url: `${started.url}/automation/acuity`,
        style: 'static',
      });
      // The worker also runs the relay.
      await started.system.worker.start();
      app = started;
      return started;
    }

    async function stop(): Promise<void> {
      await app?.system.worker.stop();
      await app?.close();
      app = null;
    }

    async function call<T>(method: string, where: string, body?: object): Promise<T> {
      const response = await fetch(simulator.url + where, {
        method,
        headers: {
          authorization: `Basic ${Buffer.from(Object.values(credentials).join(':')).toString('base64')}`,
          'content-type': 'application/json',
        },
        ...(body && { body: JSON.stringify(body) }),
      });
      if (!response.ok) throw new Error(`${method} ${where}: ${response.status} ${await response.text()}`);
      return (await response.json()) as T;
    }
    const control = (where: string, body: object) => call('POST', `/_sim${where}`, body);
    const asStaff = (id: number, what: string, body: object = {}) =>
      call('PUT', `/api/v1/appointments/${id}${what}?admin=true`, body);

    async function* freeTimes(): AsyncGenerator<string> {
      for (let day = 3; day < 190; day += 1) {
        const date = dayFromToday(day);
        const times = await call<{ time: string }[]>(
          'GET',
          `/api/v1/availability/times?date=${date}&appointmentTypeID=8001&calendarID=7001&timezone=Australia/Sydney`,
        );
        let last = 0;
        for (const { time } of times) {
          // Acuity's padding hides neighbouring times.
          if (Date.parse(time) - last < 2 * 3_600_000) continue;
          last = Date.parse(time);
          yield new Date(time).toISOString();
        }
      }
    }
    const free = freeTimes();
    async function freeTime(): Promise<string> {
      const next = await free.next();
      if (next.done) throw new Error('The simulator has no free time left');
      return next.value;
    }

    let specialistId: string;
    async function book(agent: Agent, key?: string): Promise<Row> {
      const startsAt = await freeTime();
      const request = bookingBody(specialistId, startsAt);
      const posting = agent.post('/bookings');
      if (key) {
        void posting.set('Idempotency-Key', key);
        repeated = request;
      }
      const { body } = await posting.send(request).expect(201);
      return rowOf((body as { booking: { id: string } }).booking.id);
    }
    let repeated: object = {};

    async function rowOf(id: string): Promise<Row> {
      return (await db().from('bookings').where({ id }).first()) as Row;
    }
    const db = (): Database => {
      if (!app) throw new Error('Nothing runs');
      return app.db;
    };

    async function upload(agent: Agent, bookingId: string, text: string): Promise<{ url: string }> {
      const { body } = await agent
        .post(`/bookings/${bookingId}/documents`)
        .field('category', 'brief')
        .attach('files', pdf(text), `${text}.pdf`)
        .expect(201);
      return (body as { documents: { url: string }[] }).documents[0] as { url: string };
    }

    /** Until Acuity has delivered its events. An app that stops before refuses them, and Acuity tries again after minutes. */
    async function delivered(): Promise<void> {
      await until(async () => {
        const { deliveries } = await call<{ deliveries: { state: string }[] }>('GET', '/_sim/deliveries');
        return !deliveries.some(({ state }) => state === 'waiting');
      }, longestMs);
    }

    /** Until every event is delivered and processed, and every mail sent. */
    async function settled(): Promise<void> {
      await delivered();
      await until(async () => {
        const { rows } = await db().raw<{ rows: [{ n: string }] }>(
          `select (select count(*) from webhook_events where state in ('waiting', 'delivering'))
                + (select count(*) from emails where status = 'queued') as n`,
        );
        return Number(rows[0].n) === 0;
      }, longestMs);
    }

    it('brings the database up to date without mails, and lists what is lost', async () => {
      const original = await openSeededDatabase();
      databases.push(original);

      // Before the backup.
      let fixture = await start(original);
      ({ id: specialistId } = (await db()
        .from('specialists')
        .where({ acuity_calendar_id: 7001 })
        .first('id')) as { id: string });
      let agents = await Promise.all([rita, rob, nadia].map((email) => fixture.signIn(email)));
      const earlier: Row[] = [];
      for (let n = 0; n < 6; n += 1) earlier.push(await book(agents[n % 3] as Agent));
      const document = await upload(agents[0] as Agent, (earlier[0] as Row).id, 'before');
      await settled();
      // One message is still waiting when the backup is made.
      await fixture.system.worker.stop();
      const waits = await book(agents[1] as Agent);
      await delivered();
      // Its referrer waits for an earlier time: one is freed, and offered, after the backup.
      await fixture.db('wait_entries').insert({
        id: randomUUID(),
        booking_id: waits.id,
        organization_id: waits.organization_id as string,
        created_by_id: waits.created_by_id as string,
      });
      // And a reminder falls due right after it.
      await fixture
        .db('booking_progress')
        .where({ booking_id: (earlier[2] as Row).id })
        .update({ created_at: fixture.db.raw(`created_at - interval '60 days'`) });
      await fixture.close();
      app = null;
      const backup = await copyDatabase(original);
      databases.push(backup);

      // After it.
      let underWay: Record<string, unknown> | null = null;
      let isWatched = false;
      fixture = await start(original, async (step) => {
        // As in a backup made between storing an attempt and calling Acuity.
        if (step !== 'attempt_stored' || !isWatched) return;
        underWay = (await fixture.db('booking_attempts').where({ state: 'open' }).first()) as Record<
          string,
          unknown
        >;
      });
      agents = await Promise.all([rita, rob, nadia].map((email) => fixture.signIn(email)));
      const later: Row[] = [];
      for (let n = 0; n < size; n += 1)
        later.push(await book(agents[n % 3] as Agent, n === 0 ? 'a-key-of-the-lost-hour' : undefined));
      isWatched = true;
      later.push(await book(agents[0] as Agent));
      isWatched = false;
      const [, moved, cancelled, missed, cancelledThere, movedThere] = later as [
        Row,
        Row,
        Row,
        Row,
        Row,
        Row,
      ];
      await (agents[1] as Agent)
        .post(`/bookings/${moved.id}/reschedule`)
        .send({ startsAt: await freeTime() })
        .expect(200);
      await (agents[2] as Agent).post(`/bookings/${cancelled.id}/cancel`).send({}).expect(200);
      await asStaff(missed.acuity_appointment_id, '/cancel', { noShow: true });
      await asStaff(cancelledThere.acuity_appointment_id, '/cancel');
      await asStaff(movedThere.acuity_appointment_id, '/reschedule', { datetime: await freeTime() });
      const [earlierMoved, earlierCancelled] = earlier as [Row, Row];
      await (agents[0] as Agent)
        .post(`/bookings/${earlierMoved.id}/reschedule`)
        .send({ startsAt: await freeTime() })
        .expect(200);
      await (agents[1] as Agent).post(`/bookings/${earlierCancelled.id}/cancel`).send({}).expect(200);
      await fixture.system.services.waitListOffers.offerFreed();
      const byClinic: number[] = [];
      for (const email of [rita, 'somebody@else.example', rita])
        byClinic.push(
          (
            await call<{ id: number }>('POST', '/api/v1/appointments?admin=true&noEmail=true', {
              datetime: await freeTime(),
              appointmentTypeID: 8001,
              calendarID: 7001,
              firstName: 'Rita',
              lastName: 'Alvarez',
              email,
              fields: [{ id: 9103, value: 'Marsh' }],
            })
          ).id,
        );
      await upload(agents[0] as Agent, (later[0] as Row).id, 'after');
      await settled();
      await asStaff(byClinic[2] as number, '/cancel');
      await settled();
      const objects = await storage.keys('documents/');
      const truth = (await db().from('bookings').orderBy('acuity_appointment_id')) as Row[];
      await stop();
      const mails = mailbox.mails().length;
      const reminders = mailbox.mails().filter(({ subject }) => /^Reminder/i.test(subject));
      expect(reminders, 'sent since the backup').to.have.length(1);
      const offers = mailbox.mails().filter(({ subject }) => /^Earlier time offered/.test(subject));
      expect(offers, 'sent since the backup').to.have.length(1);

      // The database is lost and restored from the backup.
      await backup.db('booking_attempts').insert(underWay ?? {});
      await beginSendingAgain(backup.db, (earlier[0] as Row).id);
      const { db: restored, url } = backup;
      const command = runCommand(
        'src/commands/after-restore.ts',
        {
          ...variables(),
          NODE_ENV: 'test',
          DATABASE_URL: url,
          BASE_URL: 'http://127.0.0.1:1',
          BETTER_AUTH_SECRET: testSecret,
          ACUITY_USER_ID: credentials.userId,
          ACUITY_API_KEY: credentials.apiKey,
        },
        ['--anyway'],
      );
      const { code } = await command.ended;
      const said = command.output();
      expect(code, said).to.equal(0);

      const now = (await restored('bookings').orderBy('acuity_appointment_id')) as Row[];
      expect(now.map(kept)).to.deep.equal(truth.map(kept));
      expect(now.map((row) => row.acuity_appointment_id)).to.deep.equal(
        truth.map((row) => row.acuity_appointment_id),
      );
      expect(new Set(now.map(({ reference }) => reference)).size).to.equal(now.length);
      expect(await restored('emails').where({ status: 'queued' })).to.deep.equal([]);
      expect(await restored('emails').where({ booking_id: waits.id }).pluck('status')).to.deep.equal([
        'withheld',
      ]);
      expect(await restored('bulk_actions').pluck('state')).to.deep.equal(['stopped']);
      expect(await restored('sessions')).to.deep.equal([]);
      expect(await storage.keys('documents/')).to.deep.equal(objects);

      // It lists exactly these.
      expect(said).to.match(/Bookings with a new reference .*: 3\n/);
      for (const id of byClinic) expect(said).to.contain(`(appointment ${id})`);
      expect(said).to.match(/Bookings without a referrer .*: 1\n/);
      expect(said).to.match(/Files in the bucket .*: 1\n/);
      expect(said)
        .not.to.contain('Documents without their bytes')
        .and.not.contain('Differences from Acuity that are left');
      expect(said).not.to.contain('Attempts under way');
      // One of an examination, the others of documents: how many depends on the day of the week.
      expect(said).to.match(/now withheld: 1; reminders taken for sent: [1-9]/);

      // Everything runs on the restored database again.
      const again = await start(backup);
      const second = await again.system.services.sync.reconcile({
        ...again.system.services.sync.spans().all,
        fixes: true,
      });
      expect(second).to.include({ state: 'done', found: 0 });
      const [visitor, other] = [await again.signIn(rita), await again.signIn(rob)];
      const bytes = await visitor.get(document.url).buffer(true).expect(200);
      expect(String(bytes.body)).to.contain('before');
      await visitor
        .post('/bookings')
        .set('Idempotency-Key', 'a-key-of-the-lost-hour')
        .send(repeated)
        .expect(409);
      await again.system.services.nextFreeFiller.fill();
      expect(await again.system.services.waitListOffers.offerFreed(), 'times offered again').to.equal(0);
      await again.system.services.documentCare.sweep();
      await again.system.services.documentCare.checkCustody();
      expect(await storage.keys('documents/')).to.deep.equal(objects);
      await settled();
      expect(mailbox.mails().length, 'mails since the restore').to.equal(mails);

      const one = now.find((row) => row.reference === (later[5] as Row).reference) as Row;
      await asStaff(one.acuity_appointment_id, '/reschedule', { datetime: await freeTime() });
      await settled();
      expect(await rowOf(one.id)).to.include({ current_progress: 'rescheduled' });
      expect(mailbox.mails().length, 'mails after somebody moved one').to.equal(mails + 1);
      await book(other);
      const audit = (await db().from('audit_log').where({ resource_type: 'restore' }).first()) as {
        id: number;
      };
      expect(audit.id).to.be.above(100_000);
    }).timeout(60_000 + size * 4_000);
  });
}
