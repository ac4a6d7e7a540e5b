// The record of what an admin did while acting: complete, and in words that a client understands.
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { auditLog } from '../../src/audit/index.ts';
import { episodeOf } from '../../src/impersonation/impersonation.episodes.ts';
import { pageWords } from '../../src/http/pages/impersonation/episode-words.ts';
import { openAppGround, type AppGround } from '../support/app-ground.ts';
import { openMatrixFixture, type MatrixFixture } from '../support/matrix-fixture.ts';
import { mountedRoutes } from '../support/routes.ts';

describe('the page of an episode', function () {
  this.timeout(60_000);
  let ground: AppGround;
  let fixture: MatrixFixture;
  before(async () => {
    ground = await openAppGround();
  });
  after(() => ground.close());
  beforeEach(async () => {
    fixture = await openMatrixFixture(ground);
  });
  afterEach(() => fixture.close());

  const newest = async () =>
    (await fixture.app.db('impersonations').orderBy('started_at', 'desc').first()) as {
      id: string;
      admin_id: string;
      user_id: string;
      started_at: Date;
    };
  const read = async (path: string): Promise<string> =>
    (
      await fixture.agents.admin
        .get(path)
        .set('Accept', 'text/html')
        .set('Cookie', 'tz=Australia%2FPerth')
        .redirects(1)
        .expect(200)
    ).text;
  /** As it is on paper: no addresses behind words. */
  const printed = (html: string): string =>
    html
      .replace(/.*(?=<main)|(?<=<\/main>).*/gs, '')
      .replaceAll(/<[^>]*>/g, ' ')
      .replaceAll(/\s+/g, ' ');

  it('lists each page view and each change when there are thousands', async () => {
    const { id, admin_id: actorId, user_id: actingAsId } = await newest();
    await fixture.app.db.raw(
      `insert into impersonation_views (impersonation_id, path) select ?, '/specialists' from generate_series(1, 2300)`,
      [id],
    );
    await fixture.app.db.raw(
      `insert into audit_log (actor_id, acting_as_id, action, resource_type, resource_id)
       select ?, ?, 'booking.viewed', 'booking', ? from generate_series(1, 2200)`,
      [actorId, actingAsId, fixture.bookingId],
    );
    const page = await read(`/admin/episodes/${id}`);
    expect(page.match(/Page: Specialists/g)).to.have.length(2300);
    expect(page.match(/Booking viewed/g)).to.have.length(2200);
  });

  it('shows words, references, the time zone and the duration, and no ids', async () => {
    const { agents, app, bookingId } = fixture;
    await agents.acting.get(`/bookings/${bookingId}`).set('Accept', 'text/html').expect(200);
    await agents.acting.post(`/bookings/${bookingId}/cancel`).send({}).expect(200);
    await agents.acting.get('/account').set('Accept', 'text/html').expect(403);
    await app
      .db('impersonations')
      .update({ started_at: app.db.raw(`started_at - interval '72 minutes 10 seconds'`) });
    await agents.acting.post('/admin/exit-impersonation').expect(200);
    const { reference } = (await app.db('bookings').first('reference')) as { reference: string };
    const html = await read(`/admin/episodes/${(await newest()).id}`);
    expect(html).to.contain(`href="/bookings/${bookingId}"`);
    const text = printed(html);
    expect(text)
      .to.contain(`Page: Booking ${reference} Seen`)
      .and.contain(`Booking cancelled ${reference} Done`)
      .and.contain('Access refused Refused')
      .and.contain('Lasted 1 hour 12 minutes')
      .and.contain('Times are Perth time')
      .and.contain('Total 1 change, 1 page')
      .and.contain('Started acting Rita Alvarez');
    expect(text).not.to.match(/[\da-f]{8}-[\da-f]{4}-/);
    expect(text).not.to.contain('Marsh');
  });

  it('lists an attempt of the episode when it is settled after the end, and a later episode does not', async () => {
    const { app, agents } = fixture;
    const first = await newest();
    await app.db('booking_attempts').update({ created_at: app.db.raw('clock_timestamp()') });
    const { id: attemptId } = (await app.db('booking_attempts').first('id')) as { id: string };
    await agents.acting.post('/admin/exit-impersonation').expect(200);
    await app.db('impersonations').update({ ended_at: app.db.raw(`ended_at - interval '1 second'`) });
    fixture.agents.acting = await fixture.enter('acting');
    const second = await newest();
    await app.db.raw('select pg_sleep(1.1)');
    // As the log says since 0.3.0, and as it said before.
    for (const metadata of [{ attemptId }, { intentionId: attemptId }])
      await auditLog.record(
        app.db,
        { actorId: first.admin_id, actingAsId: first.user_id, request: null },
        {
          action: 'booking.created',
          resourceType: 'booking',
          resourceId: fixture.bookingId,
          metadata,
        },
      );
    expect(printed(await read(`/admin/episodes/${first.id}`))).to.match(
      /(Booking scheduled \S+ Done, settled after the end.*){2}/,
    );
    expect(printed(await read(`/admin/episodes/${second.id}`))).not.to.contain('Booking scheduled');
  });

  it('reads the attempts of its entries by primary key', async () => {
    const { db } = fixture.app;
    const asked: { sql: string; bindings: string[] }[] = [];
    const keep = (query: { sql: string; bindings: string[] }) => asked.push(query);
    db.on('query', keep);
    await episodeOf(db, (await newest()).id);
    db.off('query', keep);
    const changes = asked.find(({ sql }) => sql.includes('booking_attempts n'));
    // However few there are yet.
    const { rows } = await db.transaction(async (trx) => {
      await trx.raw('set local enable_seqscan = off');
      const sql = changes?.sql.replaceAll(/\$\d+/g, '?') ?? '';
      return trx.raw<{ rows: { 'QUERY PLAN': string }[] }>(`explain ${sql}`, changes?.bindings ?? []);
    });
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).to.contain('booking_attempts_pkey');
  });

  it('is explained by the access check without being recorded as read', async () => {
    const { id } = await newest();
    const check = (key: string) =>
      fixture.agents.admin
        .post('/admin/access-check')
        .set('Accept', 'text/html')
        .type('form')
        .send({ person: 'ada@examdesk.example', what: 'page', key });
    const { text } = await check(`/admin/episodes/${id}`).expect(200);
    expect(text).to.contain('There was such an episode').and.contain('It is there');
    for (const other of [randomUUID(), 'x'])
      expect((await check(`/admin/episodes/${other}`).expect(200)).text, other).to.contain(
        'Nothing is found under what the address says',
      );
  });

  it('has words for every page that can be opened while acting', () => {
    const open = mountedRoutes(fixture.app.system.app)
      .filter((route) => /^get \/(bookings|documents|specialists|$)/.test(route))
      // For staff only: an admin acting is refused.
      .filter((route) => !/^get \/documents\/:id\/(release|recall)$/.test(route))
      .map((route) => route.slice('get '.length));
    expect(open.length).to.be.above(15);
    expect(open.filter((path) => pageWords(path) === undefined)).to.deep.equal([]);
  });

  it('is linked from a list that is searched by name or address of both, fifty on a page', async () => {
    const { app, userIds } = fixture;
    const rows = Array.from({ length: 60 }, (_, n) => ({
      id: randomUUID(),
      admin_id: userIds.admin,
      user_id: userIds.nadia,
      session_id: randomUUID(),
      reason: `Reason ${n}`,
      started_at: new Date(Date.now() - (n + 1) * 60_000),
      ended_at: new Date(),
      end_reason: 'exit' as const,
    }));
    await app.db('impersonations').insert(rows);
    const count = (html: string) => html.match(/class="row-link row-name"/g)?.length ?? 0;
    const all = await read('/admin/episodes');
    expect(count(all)).to.equal(50);
    expect(all).to.contain('href="/admin/episodes?page=2"').and.contain('Rita Alvarez');
    expect(count(await read('/admin/episodes?page=2'))).to.equal(11);
    expect(count(await read('/admin/episodes?q=NORTHSIDE-claims.example&page=2'))).to.equal(10);
    expect(count(await read('/admin/episodes?q=rita'))).to.equal(1);
    expect(count(await read('/admin/episodes?q=lindqvist&page=2'))).to.equal(11);
    for (const odd of ['%25', '_', '\\', "'"])
      expect(count(await read(`/admin/episodes?q=${odd}`)), odd).to.equal(0);
    expect(count(await read('/admin/episodes?page=0'))).to.equal(50);

    const { headers } = await fixture.agents.admin
      .get('/admin/episodes?q=northside&page=2')
      .set('Accept', 'text/html')
      .expect(303);
    expect(headers.location).to.match(/^\/admin\/episodes\?page=2&find=[\w-]+$/);
    const sealed = await read(String(headers.location));
    expect(count(sealed)).to.equal(10);
    expect(sealed)
      .to.contain('value="northside"')
      .and.not.match(/href="[^"]*northside/i);
    const actAs = await fixture.agents.admin
      .get('/admin/act-as?q=rita')
      .set('Accept', 'text/html')
      .expect(303);
    expect(await read(String(actAs.headers.location))).to.contain('Rita Alvarez');
  });
});
