// One action for many records: what is counted is what is done, each record once, by the rules of the single action.
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { Actor } from '../../src/accounts/index.ts';
import { bulkKinds, mayDoInBulk } from '../../src/bulk/index.ts';
import { bulkActionsOf, bulkParts } from '../../src/console/bulk.ts';
import { startTestApp, type Agent, type TestApp } from '../support/app.ts';
import { confirm, formAddress } from '../support/console-form.ts';
import { aBookingOf, anEmailAbout, personOf } from '../support/console-records.ts';
import { sealWords } from '../support/console-requests.ts';
import { aDriftReport } from '../support/builders/drift-report.ts';

describe('a bulk action', () => {
  let app: TestApp;
  let ada: Agent;
  let sam: Agent;
  let rita: { id: string; organizationId: string };
  before(async () => {
    app = await startTestApp();
    ada = await app.signIn('ada@examdesk.example');
    sam = await app.signIn('sam@examdesk.example');
    rita = await personOf(app.db, 'rita');
  });
  after(() => app.close());
  beforeEach(async () => {
    await app.db('bulk_actions').delete();
    await app.db('emails').delete();
    await app.db('bookings').delete();
    await app.db('webhook_events').delete();
  });

  const post = (agent: Agent, path: string, fields: Record<string, string> = {}) =>
    agent.post(path).set('Accept', 'text/html').type('form').send(fields);
  const page = async (agent: Agent, address: string) =>
    (await agent.get(address).set('Accept', 'text/html').expect(200)).text;
  /** Counts first: the address of its page. */
  async function prepare(
    agent: Agent,
    kind: string,
    which: { ids: string[] } | { query: string },
  ): Promise<string> {
    const fields: Record<string, string> =
      'ids' in which
        ? { kind, which: 'selected', ids: which.ids.join(',') }
        : { kind, which: 'all', query: which.query };
    const { headers } = await post(agent, '/admin/bulk', fields).expect(303);
    return String(headers.location);
  }
  const start = (agent: Agent, address: string, fields: Record<string, string> = {}) =>
    post(agent, `${address}/start`, fields);
  const idOf = (address: string) => address.split('/').at(-1) ?? '';
  const work = (address: string) => app.system.services.bulkWork.continue(idOf(address));
  const items = (address: string) =>
    app
      .db('bulk_items')
      .where({ bulk_action_id: idOf(address) })
      .orderBy('place')
      .select('record_id', 'state', 'reason');
  const audited = (ids: string[]) =>
    app.db('audit_log').whereIn('resource_id', ids).whereNotNull('actor_id').orderBy('id');
  const unassigned = (but: Record<string, unknown> = {}) => aBookingOf(app.db, null, but);
  const anEvent = async (state: 'dead' | 'processed' | 'refused'): Promise<string> => {
    const id = randomUUID();
    await app.db('webhook_events').insert({
      id,
      channel: 'relay',
      action: 'changed',
      appointment_id: 1,
      state,
      received_at: new Date(),
      ...(state === 'refused'
        ? { refusal: 'bad_signature' }
        : { body: Buffer.from('x'), body_digest: Buffer.alloc(32) }),
    });
    return id;
  };

  it('is offered by a list to exactly the roles that may begin it', () => {
    for (const kind of bulkKinds)
      for (const role of ['referrer', 'support', 'admin'] as const) {
        const offered = bulkActionsOf(bulkParts(kind).table, role).map((one) => one.kind);
        const viewer = { role } as Actor['viewer'];
        expect(offered.includes(kind), `${kind} to ${role}`).to.equal(mayDoInBulk({ viewer }, kind));
      }
  });

  it('counts what it will do and skip, and why, before anything is changed', async () => {
    const open = [await unassigned(), await unassigned()];
    const over = await aBookingOf(app.db, 'rita', { status: 'archived' });
    const hers = await aBookingOf(app.db, 'rita');
    const address = await prepare(sam, 'bookings/assign', { ids: [...open, over, hers] });
    const text = await page(sam, address);
    expect(text).to.contain('Assign referrer: 2 bookings');
    expect(text).to.match(/Will be skipped<\/dt><dd>2</);
    expect(text).to.contain('It is no longer active');
    expect(text).to.contain('It has its referrer already: an admin can change it');
    expect(await app.db('bookings').whereNull('created_by_id').count({ n: '*' })).to.deep.equal([{ n: 2 }]);
    expect(await page(ada, await prepare(ada, 'bookings/assign', { ids: [hers] }))).to.contain('1 booking<');
  });

  it('assigns each booking by the single action’s verb, with an audit row and a mail each', async () => {
    const ids = [await unassigned(), await unassigned()];
    const address = await prepare(sam, 'bookings/assign', { ids });
    const found = await start(sam, address, { referrer: 'rita', find: '1' }).expect(200);
    expect(found.text).to.contain(`value="${rita.id}" checked`);
    await start(sam, address, { referrerId: randomUUID() }).expect(422);
    await start(sam, address, { referrerId: rita.id }).expect(303);
    await work(address);
    const bookings = await app.db('bookings').whereIn('id', ids);
    expect(bookings.map((one) => [one.created_by_id, one.organization_id, one.version])).to.deep.equal(
      ids.map(() => [rita.id, rita.organizationId, 2]),
    );
    const { id: samId } = await personOf(app.db, 'sam');
    const rows = await audited(ids);
    expect(rows.map((row) => [row.action, row.actor_id])).to.have.deep.members(
      ids.map(() => ['booking.edited', samId]),
    );
    expect(rows.every((row) => row.request_id !== null && row.ip !== null)).to.equal(true);
    const own = await audited([idOf(address)]);
    expect(own.map(({ metadata }) => metadata)).to.deep.equal([
      { change: 'begun', kind: 'bookings/assign', records: 2, referrerId: rita.id },
    ]);
    expect(await app.db('emails').whereIn('booking_id', ids)).to.have.length(2);
    expect(await page(sam, address)).to.contain('2 done');
  });

  it('assigns only an organisation to bookings that wait for a referrer, and tells nobody', async () => {
    const open = [await unassigned(), await unassigned()];
    const hers = await aBookingOf(app.db, 'rita');
    const elsewhere = await unassigned({ organization_id: rita.organizationId });
    const kind = 'bookings/assign-organization';
    const address = await prepare(sam, kind, { ids: [...open, hers, elsewhere] });
    const counted = await page(sam, address);
    expect(counted).to.contain('Assign organisation only: 2 bookings');
    expect(counted).to.contain('It has its referrer already, or is no longer active');
    expect(counted).to.contain('It has its organisation already: an admin can change it');
    const other = await app.db('organizations').where({ name: 'Northside Claims' }).first('id');
    for (const organizationId of ['', randomUUID()])
      expect((await start(sam, address, { organizationId }).expect(422)).text).to.contain(
        'Choose an organisation',
      );
    await start(sam, address, { organizationId: other?.id ?? '' }).expect(303);
    await work(address);
    const bookings = await app.db('bookings').whereIn('id', open);
    expect(bookings.map((one) => [one.created_by_id, one.organization_id, one.version])).to.deep.equal(
      open.map(() => [null, other?.id, 2]),
    );
    expect(await app.db('bookings').where({ id: elsewhere }).first()).to.include({
      organization_id: rita.organizationId,
    });
    expect((await audited(open)).map(({ action }) => action)).to.deep.equal(open.map(() => 'booking.edited'));
    expect(await app.db('emails')).to.deep.equal([]);
    const done = await page(sam, address);
    expect(done)
      .to.contain('2 done, 2 skipped')
      .and.to.contain('<dt>Organisation</dt><dd>Northside Claims</dd>');
    const nadia = await app.signIn('nadia@northside-claims.example');
    await nadia.get(`/bookings/${open[0]}`).expect(200);
    await (await app.signIn('rita@harbour-legal.example')).get(`/bookings/${open[0]}`).expect(404);
  });

  it('takes what matched when it was counted: later records and later words change nothing', async () => {
    const first = await anEmailAbout(app.db, await aBookingOf(app.db, 'rita'));
    const address = await prepare(sam, 'emails/send-again', { query: 'filters.status=failed' });
    const later = await anEmailAbout(app.db, await aBookingOf(app.db, 'rita'));
    await start(sam, address).expect(303);
    await work(address);
    expect((await items(address)).map(({ record_id, state }) => [record_id, state])).to.deep.equal([
      [first, 'done'],
    ]);
    expect(await app.db('emails').where({ id: later }).first()).to.include({ status: 'failed' });
  });

  it('opens sealed words of its maker only, and stores none of them', async () => {
    await unassigned({ examinee_last_name: 'Quillfeather' });
    await unassigned();
    const words = { search: 'quillfeather', examinee: 'quillfeather' };
    const sealed = await sealWords(sam, words);
    for (const name of ['search', 'examinee']) {
      const query = `filters.${name}=${sealed[name]}`;
      const address = await prepare(sam, 'bookings/assign', { query });
      expect(await items(address), name).to.have.length(1);
      await post(ada, '/admin/bulk', { kind: 'bookings/assign', which: 'all', query }).expect(400);
    }
    await post(sam, '/admin/bulk', {
      kind: 'bookings/assign',
      which: 'all',
      query: 'filters.examinee=quillfeather',
    }).expect(400);
    const { rows } = await app.db.raw<{ rows: unknown[] }>(
      `select count(*)::int as n from (select to_jsonb(a)::text t from bulk_actions a
         union all select to_jsonb(i)::text from bulk_items i
         union all select to_jsonb(l)::text from audit_log l
         union all select to_jsonb(j)::text from graphile_worker._private_jobs j) all_rows
       where t ilike '%quillfeather%'`,
    );
    expect(rows).to.deep.equal([{ n: 0 }]);
    expect(app.logLines.join('')).not.to.match(/quillfeather/i);
  });

  it('skips a record that somebody changed after the count, and says so', async () => {
    const [changed, same] = [await unassigned(), await unassigned()];
    const address = await prepare(sam, 'bookings/assign', { ids: [changed, same] });
    await app.db('bookings').where({ id: changed }).update({ version: 2 });
    await start(sam, address, { referrerId: rita.id }).expect(303);
    await work(address);
    const states = Object.fromEntries((await items(address)).map((item) => [item.record_id, item]));
    expect(states[changed]).to.include({ state: 'skipped', reason: 'It has changed since it was listed' });
    expect(states[same]).to.include({ state: 'done', reason: null });
    expect(await page(sam, address)).to.contain('1 done, 1 skipped');
  });

  it('does each record once when two people start the same', async () => {
    const ids = await Promise.all(['dead', 'dead', 'dead'].map(() => anEvent('dead')));
    const two = [
      await prepare(ada, 'webhook-events/replay', { ids }),
      await prepare(ada, 'webhook-events/replay', { ids }),
    ];
    for (const address of two) await start(ada, address).expect(303);
    await Promise.all(two.flatMap((address) => [work(address), work(address)]));
    const all = (await Promise.all(two.map(items))).flat();
    expect(all.filter(({ state }) => state === 'done')).to.have.length(3);
    expect(all.filter(({ state }) => state === 'skipped')).to.have.length(3);
    const rows = await audited(ids);
    expect(rows.map(({ action }) => action)).to.deep.equal(ids.map(() => 'webhook.replayed'));
  });

  it('does not repeat what another one did although the record fails in the same way again', async () => {
    const id = await anEmailAbout(app.db, await aBookingOf(app.db, 'rita'));
    const [first, second] = [
      await prepare(ada, 'emails/send-again', { ids: [id] }),
      await prepare(sam, 'emails/send-again', { ids: [id] }),
    ];
    await start(ada, first).expect(303);
    await work(first);
    await app.db('emails').where({ id }).update({ status: 'failed' });
    await start(sam, second).expect(303);
    await work(second);
    expect(await items(second)).to.deep.equal([
      { record_id: id, state: 'skipped', reason: 'Somebody else has done it meanwhile' },
    ]);
  });

  it('closes differences, for admins only', async () => {
    const id = randomUUID();
    await app.db('drift_items').insert({
      id,
      report_id: await aDriftReport(app.db),
      appointment_id: 99,
      difference: 'details',
      state: 'left',
      announced: true,
      found_at: new Date('2026-11-20T00:00:00Z'),
    });
    await post(sam, '/admin/bulk', { kind: 'drift-items/close', which: 'selected', ids: id }).expect(403);
    const address = await prepare(ada, 'drift-items/close', { query: 'filters.isStillDifferent=true' });
    await start(ada, address).expect(303);
    await work(address);
    const left = `/admin/api/resources/drift-items/actions/list?filters.isStillDifferent=true`;
    expect((await ada.get(left).expect(200)).body.records).to.deep.equal([]);
    const [row] = await audited([id]);
    expect(row).to.include({ action: 'record.changed', resource_type: 'drift_item' });
    await confirm(ada, formAddress('drift-items', id, 'close'), 409);
  });

  it('is begun by its maker only, once, and stopped by anybody who may do it', async () => {
    const ids = [await anEvent('dead'), await anEvent('dead')];
    const address = await prepare(ada, 'webhook-events/replay', { ids });
    await sam.get(address).expect(403);
    await start(sam, address).expect(403);
    await post(sam, `${address}/stop`).expect(403);
    await start(ada, address).expect(303);
    await start(ada, address).expect(303);
    expect(await page(ada, address)).to.contain('<progress');
    await post(ada, `${address}/stop`).expect(303);
    await post(ada, `${address}/stop`).expect(303);
    await work(address);
    expect((await items(address)).map(({ state }) => state)).to.deep.equal(['waiting', 'waiting']);
    const text = await page(ada, address);
    expect(text).to.contain('2 left alone');
    expect(text).to.contain('Stopped by Ada');
    const changes = (await audited([idOf(address)])).map(
      ({ metadata }) => (metadata as { change: string }).change,
    );
    expect(changes).to.deep.equal(['begun', 'stopped']);
  });

  it('stops when whoever began it may no longer do it', async () => {
    const ids = [await anEmailAbout(app.db, await aBookingOf(app.db, 'rita'))];
    const address = await prepare(sam, 'emails/send-again', { ids });
    await start(sam, address).expect(303);
    const { id: samId } = await personOf(app.db, 'sam');
    await app.db('users').where({ id: samId }).update({ banned: true });
    await work(address);
    await app.db('users').where({ id: samId }).update({ banned: false });
    sam = await app.signIn('sam@examdesk.example');
    expect(await page(ada, address)).to.contain('whoever began it may no longer do this');
    expect((await items(address)).map(({ state }) => state)).to.deep.equal(['waiting']);
  });

  it('says what is wrong when it is asked for nothing, for too much, or for what is not there', async () => {
    await post(sam, '/admin/bulk').expect(422);
    await post(sam, '/admin/bulk', { kind: 'users/deactivate', which: 'all' }).expect(422);
    await post(sam, '/admin/bulk', { kind: 'emails/send-again', which: 'selected' }).expect(400);
    await post(sam, '/admin/bulk', { kind: 'webhook-events/replay', which: 'all' }).expect(403);
    await post(sam, '/admin/bulk', {
      kind: 'emails/send-again',
      which: 'all',
      query: 'filters.nothing=1',
    }).expect(400);
    for (const id of [randomUUID(), 'no-such'])
      await sam.get(`/admin/bulk/${id}`).set('Accept', 'text/html').expect(404);
    const nothing = await prepare(sam, 'emails/send-again', { ids: [randomUUID()] });
    expect(await page(sam, nothing)).to.contain('There is nothing to do');
    await start(sam, nothing).expect(400);
  });

  it('takes the first 10,000 of more that match, and says that there are more', async () => {
    const bookingId = await aBookingOf(app.db, 'rita');
    await app.db.raw(
      `insert into emails (id, kind, dedupe_key, recipient, booking_id, status, attempts)
       select gen_random_uuid(), 'booking_confirmation', 'many-' || n, 'rita@harbour-legal.example', ?, 'failed', 8
       from generate_series(1, 10001) n`,
      [bookingId],
    );
    const address = await prepare(sam, 'emails/send-again', { query: 'filters.status=failed' });
    const text = await page(sam, address);
    expect(text).to.contain('Send again: 10,000 e-mails');
    expect(text).to.contain('these are the first 10,000 e-mails');
  });

  it('does the others first when the database is too slow for one record, and tries that one five times', async () => {
    const [slow, other] = [await unassigned(), await unassigned()];
    const address = await prepare(sam, 'bookings/assign', { ids: [slow, other] });
    await start(sam, address, { referrerId: rita.id }).expect(303);
    const stateOf = async (id: string) =>
      (await items(address)).find((one) => one.record_id === id) ?? { state: 'none', reason: null };
    await failSlowly([slow]);
    try {
      for (let round = 0; round < 4; round += 1) {
        await work(address);
        expect(await stateOf(other), `round ${round}`).to.include({ state: 'done' });
        if (round < 3) {
          expect(await stateOf(slow)).to.include({ state: 'waiting' });
          const text = await page(sam, address);
          expect(text).to.contain('1 could not be done at once and is tried again');
          expect(text).to.contain('Paused: the database does not answer in time.');
        }
      }
    } finally {
      await beQuickAgain();
    }
    expect(await stateOf(slow)).to.include({
      state: 'skipped',
      reason: 'Tried 5 times, and the database did not answer in time',
    });
    expect(await page(sam, address)).to.contain('1 done, 1 skipped');
  });

  it('waits after three failures in a row, says so, and does the rest when the database is quick again', async () => {
    const ids = [];
    for (let at = 0; at < 6; at += 1) ids.push(await unassigned());
    const address = await prepare(sam, 'bookings/assign', { ids });
    await start(sam, address, { referrerId: rita.id }).expect(303);
    await failSlowly(ids);
    try {
      await work(address);
    } finally {
      await beQuickAgain();
    }
    const tried = await app
      .db('bulk_items')
      .where({ bulk_action_id: idOf(address) })
      .where('tries', '>', 0);
    expect(tried).to.have.length(3);
    expect(await page(sam, address)).to.contain('Paused: the database does not answer in time.');
    const jobs = app.db('graphile_worker.jobs').where({ key: `bulk:${idOf(address)}` });
    expect(await jobs.clone().whereRaw('run_at > now()').pluck('key')).to.have.length(1);
    // The sweep leaves it alone until then, and goes on with it when that job is lost.
    await app.db('bulk_actions').update({ worked_at: app.db.raw(`now() - interval '2 minutes'`) });
    expect(await app.system.services.bulkWork.sweep()).to.equal(0);
    await app.db('bulk_actions').update({ paused_until: app.db.raw(`now() - interval '1 minute'`) });
    expect(await app.system.services.bulkWork.sweep()).to.equal(1);
    await work(address);
    const text = await page(sam, address);
    expect(text).to.contain('6 done').and.not.contain('Paused');
  });

  /** Assigning these bookings fails as when a lock is not had in time. */
  const failSlowly = (ids: string[]) =>
    app.database.owner.raw(`
      create function fail_slowly() returns trigger language plpgsql as $$ begin
        raise exception 'canceling statement due to lock timeout' using errcode = '55P03'; end $$;
      create trigger fails_slowly before update on bookings for each row
        when (old.id in (${ids.map((id) => `'${id}'`).join(', ')})) execute function fail_slowly()`);
  const beQuickAgain = () => app.database.owner.raw('drop function fail_slowly cascade');

  it('is continued when a worker left it, and removed when nobody began it for a day', async () => {
    const ids = [await anEmailAbout(app.db, await aBookingOf(app.db, 'rita'))];
    const [left, never] = [
      await prepare(sam, 'emails/send-again', { ids }),
      await prepare(sam, 'emails/send-again', { ids }),
    ];
    await start(sam, left).expect(303);
    await app.db.raw('delete from graphile_worker._private_jobs');
    const long = app.db.raw(`now() - interval '2 days'`);
    await app
      .db('bulk_actions')
      .where({ id: idOf(left) })
      .update({ begun_at: long });
    await app
      .db('bulk_actions')
      .where({ id: idOf(never) })
      .update({ created_at: long });
    expect(await app.system.services.bulkWork.sweep()).to.equal(1);
    const { rows } = await app.db.raw(
      `select key from graphile_worker.jobs where task_identifier = 'continue_bulk_action'`,
    );
    expect(rows).to.deep.equal([{ key: `bulk:${idOf(left)}` }]);
    await sam.get(never).set('Accept', 'text/html').expect(404);
  });
});
