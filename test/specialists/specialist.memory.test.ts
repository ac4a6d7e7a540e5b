// Specialists in memory, over HTTP and in two processes on one database.
import { createServer, type Server } from 'node:http';
import { expect } from 'chai';
import { pino } from 'pino';
import { compose, type System } from '../../src/compose.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { listen } from '../support/listen.ts';

describe('specialists in memory', () => {
  let app: TestApp;
  let other: System;
  let server: Server;
  let otherUrl: string;
  let cookie: string;

  before(async () => {
    app = await startTestApp();
    other = compose(app.system.services.config, { log: pino({ level: 'silent' }) });
    server = createServer(other.app);
    otherUrl = `http://127.0.0.1:${await listen(server)}`;
    const { name, value } = await app.sessionCookie('rita@harbour-legal.example');
    cookie = `${name}=${value}`;
  });
  after(async () => {
    server.closeAllConnections();
    server.close();
    await other.close();
    await app.close();
  });

  /** What each process lists: names, and how many kinds each specialist offers. */
  async function listed(): Promise<string[]> {
    const urls = [app.url, otherUrl];
    const answers = await Promise.all(
      urls.map(async (url) => {
        const answer = await fetch(`${url}/specialists`, { headers: { accept: 'application/json', cookie } });
        const { specialists } = (await answer.json()) as { specialists: { name: string; types: string[] }[] };
        return specialists.map(({ name, types }) => `${name} ${types.length}`).join(', ');
      }),
    );
    expect(answers[0], 'both processes').to.equal(answers[1]);
    return answers[0]?.split(', ') ?? [];
  }

  const amelia = () => app.db('specialists').where({ acuity_calendar_id: 7001 });
  const isListed = async () => (await listed()).some((one) => /Hart/.test(one));

  it('are as every write left them at the next request in each process', async () => {
    const { id } = (await amelia().first('id'))!;
    expect(await isListed()).to.equal(true);
    await amelia().update({ is_active: false });
    expect(await isListed()).to.equal(false);
    await amelia().update({ is_active: true });
    expect(await isListed()).to.equal(true);
    await app.db('specialist_services').where({ specialist_id: id, type: 'telehealth' }).delete();
    const fewer = (await listed()).find((one) => /Hart/.test(one));
    await app.db('specialist_services').where({ specialist_id: id }).delete();
    expect((await listed()).find((one) => /Hart/.test(one))).to.not.equal(fewer);
  });

  it('are unchanged while a transaction is open, and after it was rolled back', async () => {
    const before = await listed();
    const trx = await app.db.transaction();
    await trx('specialists').update({ name: 'Nobody' });
    expect(await listed()).to.deep.equal(before);
    await trx.rollback();
    expect(await listed()).to.deep.equal(before);
  });
});
