// Refused attempts do not fill the log that nobody may empty.
import { expect } from 'chai';
import {
  admitRefusal,
  refusalLimits,
  systemActor,
  verifyAudit,
  writeRefusalCounts,
  type AuditActor,
} from '../../src/audit/index.ts';
import { startTestApp, type TestApp } from '../support/app.ts';

const rita = 'rita@harbour-legal.example';
const { perSource, perAccount, sources } = refusalLimits;

interface Row {
  actor_id: string | null;
  outcome: string;
  ip: string | null;
  metadata: { further: number; minute: string };
}

describe('the audit log of refusals', () => {
  let app: TestApp;
  beforeEach(async () => {
    app = await startTestApp({ overrides: { signInLimits: { perPair: 1_000, perAccount: 1_000 } } });
  });
  afterEach(() => app.close());

  /** As if so many had tried in this minute, and in the next, should it begin meanwhile. */
  const recordTries = (
    action: string,
    resourceType: string,
    source: string,
    count: number,
    actorId: string | null = null,
  ) =>
    app.db.raw(
      `insert into refusal_counts (action, resource_type, minute, source, actor_id, ip, count)
        select ?, ?, date_trunc('minute', clock_timestamp()) + later * interval '1 minute', ?, ?, ?, ?
          from generate_series(0, 1) as later`,
      [action, resourceType, source, actorId, actorId === null ? source : null, count],
    );
  const rows = (action: string): Promise<Row[]> =>
    app.db('audit_log').where({ action }).orderBy('id').select('actor_id', 'outcome', 'ip', 'metadata');
  const advanceMinutes = (minutes = 5) =>
    app.db('refusal_counts').update({ minute: app.db.raw(`minute - ? * interval '1 minute'`, [minutes]) });
  const wrongPassword = () =>
    app.anonymous().post('/api/auth/sign-in/email').send({ email: rita, password: 'wrong' }).expect(401);

  it('writes a row for each of the first failed sign-ins of an address', async () => {
    for (let n = 0; n < 3; n += 1) await wrongPassword();
    expect(await rows('auth.sign_in_failed')).to.have.length(3);
    await advanceMinutes();
    expect(await writeRefusalCounts(app.db)).to.equal(0);
    expect(await app.db('refusal_counts')).to.deep.equal([]);
  });

  it('writes one row a minute, with a count, past the limit', async () => {
    await recordTries('auth.sign_in_failed', 'user', '127.0.0.1', perSource);
    for (let n = 0; n < 3; n += 1) await wrongPassword();
    expect(await rows('auth.sign_in_failed')).to.deep.equal([]);
    await advanceMinutes(-5);
    expect(await writeRefusalCounts(app.db), 'the minute is not over').to.equal(0);
    await advanceMinutes(10);
    await Promise.all([writeRefusalCounts(app.db), writeRefusalCounts(app.db)]);
    const told = await rows('auth.sign_in_failed');
    expect(told.reduce((sum, { metadata }) => sum + metadata.further, 0)).to.equal(3);
    expect(told[0]).to.include({ outcome: 'failure', actor_id: null });
    expect(told[0]?.ip).to.contain('127.0.0.1');
    expect(told[0]?.metadata.minute).to.match(/^\d{4}-.*:00\.000Z$/);
  });

  it('counts forged webhooks of an address, and stores no event of them past the limit', async () => {
    await recordTries('webhook.rejected', 'webhook_event', '127.0.0.1', perSource);
    await app.anonymous().post('/automation/acuity').type('form').send('action=changed&id=1').expect(401);
    expect(await rows('webhook.rejected')).to.deep.equal([]);
    expect(await app.db('webhook_events').select('id')).to.deep.equal([]);
    await advanceMinutes();
    await writeRefusalCounts(app.db);
    expect((await rows('webhook.rejected'))[0]).to.deep.include({ outcome: 'denied' });
  });

  it('counts refusals of each account separately', async () => {
    const people = ['rob@harbour-legal.example', rita];
    const [other = '', id = ''] = await app
      .db('users')
      .whereIn('email', people)
      .orderBy('email', 'desc')
      .pluck('id');
    await recordTries('access.denied', 'page', `${id} `, perAccount, id);
    const actor = (actorId: string): AuditActor => ({ ...systemActor, actorId });
    const refused = { action: 'access.denied', resourceType: 'page' } as const;
    expect(await admitRefusal(app.db, actor(id), refused)).to.equal(false);
    expect(await admitRefusal(app.db, actor(other), refused)).to.equal(true);
    await advanceMinutes();
    await writeRefusalCounts(app.db);
    expect(
      (await rows('access.denied')).map(({ actor_id, metadata }) => [actor_id, metadata.further]),
    ).to.deep.equal([[id, 1]]);
  });

  it('does not grow with the number of addresses', async () => {
    const from = (address: string): AuditActor => ({
      ...systemActor,
      request: { requestId: 'r', ip: address, userAgent: null },
    });
    const refused = { action: 'auth.sign_in_failed', resourceType: 'user' } as const;
    for (let n = 0; n < sources; n += 1)
      await recordTries(refused.action, refused.resourceType, `198.51.100.${n}`, 1);
    await recordTries(refused.action, refused.resourceType, '*', perSource);
    expect(await admitRefusal(app.db, from('203.0.113.1'), refused), 'one more').to.equal(false);
    expect(await admitRefusal(app.db, from('198.51.100.0'), refused), 'one of the first').to.equal(true);
  });

  it('stays verifiable', async () => {
    await recordTries('auth.sign_in_failed', 'user', '127.0.0.1', perSource);
    await wrongPassword();
    await advanceMinutes();
    await writeRefusalCounts(app.db);
    const { faults } = await verifyAudit(app.db, app.system.services.config.ENCRYPTION_KEYS);
    expect(faults).to.deep.equal([]);
  });
});
