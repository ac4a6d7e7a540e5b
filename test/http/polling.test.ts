// Pages that are left open ask by themselves: for that nobody is at the keyboard, and nothing more was seen.
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import type { Agent, TestApp } from '../support/app.ts';
import { openMatrixFixture, type MatrixFixture } from '../support/matrix-fixture.ts';

describe('polling by open pages', () => {
  let fixture: MatrixFixture;
  let app: TestApp;
  let bookingId: string;

  before(async () => {
    fixture = await openMatrixFixture();
    ({ app, bookingId } = fixture);
  });
  after(() => fixture.close());

  const minutesAgo = (minutes: number) =>
    app.db('sessions').update({ last_seen_at: new Date(Date.now() - minutes * 60_000) });
  const poll = (agent: Agent) => polling(fragment(agent, `/bookings/${bookingId}/status?seen=`));
  const seen = () => app.db('impersonation_views').orderBy('id').pluck('path');

  it('does not extend the session of staff', async () => {
    const admin = await fixture.enter('admin');
    await minutesAgo(29);
    await poll(admin).expect(200);
    await minutesAgo(31);
    await poll(admin).expect(401);
  });

  it('extends neither the acting session nor the admin’s', async () => {
    const acting = await fixture.enter('acting');
    await minutesAgo(29);
    const before = await app.db('sessions').orderBy('id').pluck('last_seen_at');
    const { headers } = await poll(acting).expect(200);
    expect(await app.db('sessions').orderBy('id').pluck('last_seen_at')).to.deep.equal(before);
    expect(headers).not.to.have.property('x-acting-until');
    await minutesAgo(31);
    await poll(acting).expect(401);
  });

  it('is recorded once an episode, however often it is repeated', async () => {
    const acting = await fixture.enter('acting');
    const before = (await seen()).length;
    await acting.get(`/bookings/${bookingId}`).set('Accept', 'text/html').expect(200);
    const [attemptId] = await app.db('booking_attempts').pluck('id');
    const attempt = `/bookings/attempts/${attemptId}`;
    for (let round = 0; round < 3; round += 1) {
      await poll(acting).expect(200);
      await polling(fragment(acting, attempt)).expect(200);
    }
    expect((await seen()).slice(before)).to.deep.equal([
      `/bookings/${bookingId}`,
      `/bookings/${bookingId}/status`,
      attempt,
    ]);
  });

  it('is accepted for fragments of routes marked isPolled only: other requests with the header are recorded as views', async () => {
    const acting = await fixture.enter('acting');
    const before = (await seen()).length;
    const booking = `/bookings/${bookingId}`;
    for (let round = 0; round < 2; round += 1) {
      await polling(acting.get(booking).set('Accept', 'text/html')).expect(200);
      await polling(acting.get(booking).set('Accept', 'application/json')).expect(200);
      await polling(fragment(acting, `${booking}/documents`)).expect(200);
      await polling(acting.get(`${booking}/status`).set('Accept', 'text/html')).expect(303);
    }
    const round = [booking, booking, `${booking}/documents`, `${booking}/status`];
    expect((await seen()).slice(before)).to.deep.equal([...round, ...round]);
  });

  it('runs no more queries while acting than for the referrer, from the second time on', async () => {
    const acting = await fixture.enter('acting');
    const statementsOf = async (agent: Agent) => {
      const statements: string[] = [];
      const note = ({ sql }: { sql: string }) => void statements.push(sql);
      await poll(agent).expect(200);
      app.system.services.db.on('query', note);
      await poll(agent).expect(200);
      app.system.services.db.off('query', note);
      return statements;
    };
    const asReferrer = await statementsOf(fixture.agents.rita);
    expect(asReferrer).not.to.deep.equal([]);
    expect(await statementsOf(acting)).to.deep.equal(asReferrer);
  });

  it('gets no X-Acting-Until header, which responses to actions have', async () => {
    const acting = await fixture.enter('acting');
    await minutesAgo(10);
    const { headers } = await fragment(acting, `/bookings/${bookingId}/documents`).expect(200);
    const left = Date.parse(String(headers['x-acting-until'])) - Date.now();
    expect(left / 60_000).to.be.within(29, 30.1);
  });

  it('sends X-Polling wherever a view or script has a timer', () => {
    const timed = textsBelow('views')
      .flatMap((text) => text.split('\n'))
      .filter((line) => /hx-trigger="[^"]*\bevery\b/.test(line));
    expect(timed).to.have.length.above(1);
    for (const line of timed) expect(line).to.contain('hx-config="headers.X-Polling:true"');
    const scripts = textsBelow('public/js').filter((text) => text.includes('setInterval('));
    expect(scripts).to.not.be.empty;
    for (const text of scripts) expect(text).to.contain('X-Polling');
  });
});

function fragment(agent: Agent, url: string) {
  return agent.get(url).set('Accept', 'text/html').set('HX-Request-Type', 'partial');
}

function polling(request: ReturnType<Agent['get']>) {
  return request.set('X-Polling', 'true');
}

function textsBelow(folder: string): string[] {
  const root = path.resolve(import.meta.dirname, '../..', folder);
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ejs|js)$/.test(name))
    .map((name) => readFileSync(path.join(root, name), 'utf8'));
}
