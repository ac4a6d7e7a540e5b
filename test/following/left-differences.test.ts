// Differences that were left for staff: counted and mailed once, however often they are found.
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { selectRows, tableOf, type Table } from '../../src/console/index.ts';
import { openAppGround, type AppGround } from '../support/app-ground.ts';
import { dayFromToday, sydneyTime } from '../support/days.ts';
import { openWebhookStack, type WebhookStack } from '../support/webhook-stack.ts';
import { aDriftReport } from '../support/builders/drift-report.ts';

const dayMs = 86_400_000;

describe('differences that were left', () => {
  let ground: AppGround;
  let stack: WebhookStack;
  const sync = () => stack.app.system.services.sync;
  const leftItems = () =>
    selectRows(stack.app.db, tableOf('drift-items') as Table, { isStillDifferent: 'true' });
  const reportsOfLeftItems = () => leftItems().pluck('r.reportId');
  /** In a calendar without a specialist, so that no run can repair it. */
  const makeUnknown = (days: number) =>
    stack.makeAppointment({ calendarID: 7003, datetime: sydneyTime(dayFromToday(days), 10) });

  before(async () => {
    ground = await openAppGround();
  });
  after(() => ground.close());
  beforeEach(async () => {
    stack = await openWebhookStack({ target: null, ground });
    await stack.app
      .db('specialists')
      .where({ acuity_calendar_id: 7003 })
      .update({ acuity_calendar_id: 7999 });
  });
  afterEach(() => stack.close());

  it('are counted once each when several runs found them', async () => {
    await makeUnknown(10);
    for (let run = 0; run < 3; run += 1) await sync().reconcileNear();
    const last = await sync().reconcileNear();
    expect(await reportsOfLeftItems()).to.deep.equal([last?.id]);
    expect(await stack.app.db('drift_items').where({ state: 'left' })).to.have.length(4);
  });

  it('are mailed once, then only together with new ones and with each nightly run', async () => {
    const told = () => stack.app.db('emails').where({ kind: 'drift_report' }).pluck('drift_report_id');
    await makeUnknown(10);
    const first = await sync().reconcileNear();
    await sync().reconcileNear();
    expect(await told()).to.deep.equal([first?.id]);
    await makeUnknown(11);
    const second = await sync().reconcileNear();
    await sync().reconcileNear();
    const nightly = await sync().reconcileAll();
    expect(await told()).to.have.members([first?.id, second?.id, nightly?.id]);
  });

  it('are superseded when a run over their day no longer finds them', async () => {
    await makeUnknown(10);
    await sync().reconcileNear();
    await stack.app
      .db('specialists')
      .where({ acuity_calendar_id: 7999 })
      .update({ acuity_calendar_id: 7003 });
    await sync().reconcileNear();
    expect(await reportsOfLeftItems()).to.deep.equal([]);
  });

  it('are kept when a run that repairs nothing covered their day', async () => {
    await makeUnknown(10);
    const near = await sync().reconcileNear();
    await sync().reconcile({ ...sync().nearSpan(), fixes: false });
    expect(await reportsOfLeftItems()).to.deep.equal([near?.id]);
  });

  it('are kept while runs cover other days only', async () => {
    await makeUnknown(60);
    const whole = await sync().reconcileAll();
    await sync().reconcileNear();
    expect(await reportsOfLeftItems()).to.deep.equal([whole?.id]);
    const again = await sync().reconcileAll();
    expect(await reportsOfLeftItems()).to.deep.equal([again?.id]);
  });

  it('are superseded when no run covers their days any more', async () => {
    await aReport({ kind: 'all', days: -91, left: 1 });
    expect(await reportsOfLeftItems()).to.have.length(1);
    await sync().reconcileNear();
    expect(await reportsOfLeftItems(), 'a near run does not cover them').to.have.length(1);
    await sync().reconcileAll();
    expect(await reportsOfLeftItems()).to.deep.equal([]);
  });

  it('are counted with an index that leaves out superseded ones', async () => {
    const { db } = stack.app;
    const report = await aReport({ kind: 'near', days: -3, left: 0 });
    await db.raw(
      `insert into drift_items (id, report_id, appointment_id, difference, state, announced, found_at, superseded)
       select gen_random_uuid(), ?, n, 'missing_here', 'left', false, now(), true from generate_series(1, 20000) n`,
      [report],
    );
    await stack.app.database.owner.raw('analyze drift_items');
    const { sql, bindings } = leftItems().count('* as total').toSQL().toNative();
    const { rows } = await db.raw(`explain ${sql.replace(/\$\d+/g, '?')}`, [...bindings]);
    const plan = (rows as { 'QUERY PLAN': string }[]).map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).to.contain('drift_items_still_different_idx').and.not.contain('drift_reports');
  });

  it('are removed three months after they were superseded, as are runs that found nothing', async () => {
    const { db } = stack.app;
    const old = {
      foundNothing: await aReport({ kind: 'near', days: -100, left: 0 }),
      superseded: await aReport({ kind: 'near', days: -100, left: 1, superseded: true }),
      current: await aReport({ kind: 'near', days: -100, left: 1 }),
      nightly: await aReport({ kind: 'all', days: -100, left: 0 }),
    };
    const young = await aReport({ kind: 'near', days: -80, left: 1, superseded: true });
    const youngWithoutDifferences = await aReport({ kind: 'near', days: -80, left: 0 });
    expect(await sync().removeOld()).to.equal(2);
    expect(await db('drift_items').pluck('report_id')).to.have.members([old.current, young]);
    expect(await db('drift_reports').pluck('id')).to.have.members([
      old.superseded,
      old.current,
      old.nightly,
      young,
      youngWithoutDifferences,
    ]);
    expect(await sync().removeOld()).to.equal(0);
  });

  /** Written as if so many days from today, by a run over that day alone. */
  async function aReport(run: { kind: 'near' | 'all'; days: number; left: number; superseded?: boolean }) {
    const { db } = stack.app;
    const at = new Date(Date.now() + run.days * dayMs);
    const day = dayFromToday(run.days);
    const id = await aDriftReport(db, {
      kind: run.kind,
      from_day: day,
      to_day: day,
      next_day: day,
      found: run.left,
      started_at: at,
      finished_at: at,
    });
    for (let n = 0; n < run.left; n += 1)
      await db('drift_items').insert({
        id: randomUUID(),
        report_id: id,
        appointment_id: 990_000 + n,
        difference: 'missing_there',
        day,
        state: 'left',
        announced: false,
        found_at: at,
        superseded: run.superseded ?? false,
      });
    return id;
  }
});
