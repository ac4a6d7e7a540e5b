// A list as a file, when it is long: over more than one batch, to a client that leaves, and to one that reads nothing.
import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import express from 'express';
import { tableOf, type Table } from '../../src/console/index.ts';
import { databaseUsage } from '../../src/db/knex.ts';
import { createCsvExport } from '../../src/http/console/console.export.ts';
import { actorOf } from '../../src/http/actor.ts';
import { errors } from '../../src/http/middleware/errors.ts';
import { aBookingOf } from '../support/console-records.ts';
import { peopleOf } from '../support/booking-fixture.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { until } from '../support/until.ts';

const many = 1_200;

describe('the console’s exports', function () {
  this.timeout(60_000);
  let app: TestApp;
  before(async () => {
    app = await startTestApp();
    const first = await aBookingOf(app.db, 'rita');
    // Long enough for no buffer between us and a client to hold it: 30 MB.
    await app.db.raw(
      `insert into bookings (id, reference, acuity_appointment_id, specialist_id, organization_id, created_by_id,
         examinee_first_name, examinee_last_name, examinee_phone, starts_at, duration_minutes, timezone, type, source, notes)
       select gen_random_uuid(), 'EX-' || translate(lpad(to_hex(n), 6, '0'), '01abcdef', 'ZYABCDEF'), 900000 + n,
         specialist_id, organization_id, created_by_id, examinee_first_name, examinee_last_name, examinee_phone,
         starts_at + n * interval '1 hour', duration_minutes, timezone, type, source, repeat(md5(n::text), 800)
       from bookings, generate_series(1, ?) n where id = ?`,
      [many - 1, first],
    );
  });
  after(() => app.close());

  it('contain every row in order, over several batches', async () => {
    const sam = await app.signIn('sam@examdesk.example');
    const { text } = await sam
      .get('/admin/export/bookings')
      .buffer(true)
      .maxResponseSize(100_000_000)
      .expect(200);
    const lines = text.trimEnd().split('\r\n');
    expect(lines).to.have.length(many + 1);
    const times = lines.slice(1).map((line) => line.split(',')[2] ?? '');
    expect(times).to.deep.equal(times.toSorted().toReversed());
    expect(new Set(lines).size).to.equal(many + 1);
  });

  describe('when a client', () => {
    let server: Server;
    let port: number;
    const clients: { destroy(): void }[] = [];
    async function serve(idleReadMs: number): Promise<void> {
      const { sam } = await peopleOf(app.db);
      const exportCsv = createCsvExport(app.system.services, { atOnce: 2, idleReadMs });
      const fixture = express();
      fixture.use((_req, res, next) => {
        res.locals.viewer = sam.viewer;
        next();
      });
      fixture.get('/export', async (req, res) => {
        await exportCsv(actorOf(req, res), tableOf('bookings') as Table, {}, res);
      });
      fixture.use(errors(app.system.services.log));
      server = createServer(fixture);
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      ({ port } = server.address() as AddressInfo);
    }
    afterEach(async () => {
      for (const client of clients.splice(0)) client.destroy();
      server.closeAllConnections();
      await new Promise((done) => void server.close(done));
    });

    /** Asks, and reads nothing of the answer. */
    async function stalled(): Promise<Socket> {
      const socket = connect(port, '127.0.0.1');
      clients.push(socket);
      socket.pause();
      socket.write('GET /export HTTP/1.1\r\nHost: fixture\r\n\r\n');
      // The answer has begun.
      await once(socket, 'readable');
      return socket;
    }
    async function asked(): Promise<IncomingMessage> {
      const request = get({ port, path: '/export', headers: { Accept: 'application/json' } });
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      clients.push(response);
      return response;
    }
    const isRefused = async () => {
      const response = await asked();
      response.destroy();
      return response.statusCode === 429;
    };

    it('disconnects, let others export', async () => {
      await serve(60_000);
      const responses = await Promise.all([asked(), asked()]);
      for (const response of responses) response.pause();
      expect(await isRefused()).to.equal(true);
      for (const response of responses) response.destroy();
      await until(async () => !(await isRefused()));
    });

    it('reads nothing, hold no database connection, and answer others 429', async () => {
      await serve(60_000);
      await Promise.all([stalled(), stalled()]);
      await until(() => databaseUsage(app.system.services.db).used === 0);
      const refused = await asked();
      expect([refused.statusCode, refused.headers['retry-after']]).to.deep.equal([429, '10']);
    });

    it('reads nothing for long, disconnect it', async () => {
      await serve(500);
      await Promise.all([stalled(), stalled()]);
      await until(async () => !(await isRefused()));
    });

    it('reads slowly, send every row', async () => {
      await serve(1_000);
      const response = await asked();
      let size = 0;
      let pauses = 0;
      for await (const chunk of response) {
        size += (chunk as Buffer).length;
        // Longer in all than one who reads nothing is waited for.
        if (size > (pauses + 1) * 3_000_000) {
          pauses += 1;
          await sleep(200);
        }
      }
      expect(response.complete).to.equal(true);
      expect([size > 25_000_000, pauses > 5]).to.deep.equal([true, true]);
    });
  });
});
