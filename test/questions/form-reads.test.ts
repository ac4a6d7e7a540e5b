import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { createKeptVersion } from '../../src/db/kept-version.ts';
import { createQuestions, type FormTimings } from '../../src/questions/index.ts';
import { silent } from '../support/booking-fixture.ts';
import { aField, aForm } from '../support/builders/form.ts';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';
import { acuityDown, createFakeAcuity, type FakeAcuity } from '../support/fakes/acuity.ts';
import { forgetForms } from '../support/kept-questions.ts';
import { until } from '../support/until.ts';

describe('createQuestions', () => {
  let database: TestDatabase;
  let acuity: FakeAcuity;
  before(async () => {
    database = await openTestDatabase();
  });
  after(() => database.close());
  beforeEach(async () => {
    acuity = createFakeAcuity();
    acuity.showForms(aForm());
    await forgetForms(database.db);
  });

  /** Each call simulates another process: they share only the database. */
  const process = (timings: Partial<FormTimings> = {}) =>
    createQuestions({ db: database.db, acuity, log: silent, timings: { gapMs: 0, ...timings } });
  const reads = () => acuity.calls.filter(({ method }) => method === 'forms').length;
  const age = (minutes: number) =>
    database.db('acuity_forms').update({
      read_at: database.db.raw(`read_at - ? * interval '1 minute'`, [minutes]),
    });

  it('reads the forms once an hour for all processes, restarted ones included', async () => {
    expect(await process().forms()).to.deep.include({ forms: [aForm()], isStale: false });
    await age(59);
    await process().forms();
    expect(reads()).to.equal(1);
    await age(2);
    acuity.showForms(aForm({ name: 'Changed' }));
    const again = await process().forms();
    expect(again?.forms[0]?.name).to.equal('Changed');
    expect(reads()).to.equal(2);
  });

  it('keeps the forms in memory until a session finds that the row has changed', async () => {
    const keptVersion = createKeptVersion(() => 0);
    const findVersion = async () => {
      const [version] = await database.db('kept_version').pluck('version');
      keptVersion.confirm(version as number, 0);
    };
    const questions = createQuestions({ db: database.db, acuity, log: silent, keptVersion });
    await findVersion();
    await questions.forms();
    await age(61);
    await questions.forms();
    expect(reads()).to.equal(1);
    await findVersion();
    await questions.forms();
    expect(reads()).to.equal(2);
  });

  it('returns what this process has read again at once', async () => {
    const keptVersion = createKeptVersion(() => 0);
    keptVersion.confirm(1, 0);
    const timings = { gapMs: 0 };
    const questions = createQuestions({ db: database.db, acuity, log: silent, keptVersion, timings });
    await questions.forms();
    acuity.showForms(aForm({ name: 'Changed' }));
    await questions.readAgain();
    expect((await questions.forms())?.forms[0]?.name).to.equal('Changed');
  });

  it('reads the forms once when many ask at the same time', async () => {
    const gate = acuity.hold();
    const all = [process(), process(), process()].flatMap((one) =>
      Array.from({ length: 5 }, () => one.forms()),
    );
    await until(() => Promise.resolve(gate.waiting() > 0));
    gate.answer();
    for (const known of await Promise.all(all)) expect(known?.forms).to.deep.equal([aForm()]);
    expect(reads()).to.equal(1);
  });

  it('returns the last forms as stale, and pauses, when Acuity cannot be read', async () => {
    const questions = process();
    await questions.forms();
    await age(90);
    acuity.failWith(acuityDown);
    for (let i = 0; i < 3; i += 1) {
      const known = await questions.forms();
      expect(known).to.deep.include({ forms: [aForm()], isStale: true });
      expect(Date.now() - (known?.asOf.getTime() ?? 0)).to.be.above(89 * 60_000);
    }
    expect(reads()).to.equal(2);
    acuity.recover();
    await database.db('acuity_forms').update({ failed_at: database.db.raw(`failed_at - interval '16 s'`) });
    expect(await questions.forms()).to.deep.include({ isStale: false });
    expect(reads()).to.equal(3);
  });

  it('returns null when the forms were never read', async () => {
    acuity.failWith(acuityDown);
    expect(await process().forms()).to.equal(null);
    expect(await process().questionsFor(8001)).to.equal(null);
  });

  it('reads again at once when asked to, with one read for all callers', async () => {
    const questions = process();
    await questions.forms();
    acuity.showForms(aForm({ fields: [aField(), aField({ id: 9302 })] }));
    const gate = acuity.hold();
    // No read begins before all have asked: what is read earlier would not serve them.
    const held = await database.db.transaction();
    await held('acuity_forms').forUpdate().first();
    const all = [questions, questions, process()].map((one) => one.readAgain());
    await until(async () => {
      const waiting = await database
        .db('pg_stat_activity')
        .where({ wait_event_type: 'Lock' })
        .andWhereRaw('datname = current_database()');
      return waiting.length === 2;
    });
    await held.commit();
    await until(() => Promise.resolve(gate.waiting() > 0));
    gate.answer();
    for (const known of await Promise.all(all)) expect(known?.forms[0]?.fields).to.have.length(2);
    expect(reads()).to.equal(2);
  });

  it('pauses between two reads, however often a new one is requested', async () => {
    const questions = process({ gapMs: 400 });
    const startedAt = performance.now();
    await questions.forms();
    for (let i = 0; i < 2; i += 1) {
      // A read is newer than a request from the next millisecond on.
      await sleep(2);
      await questions.readAgain();
    }
    expect(reads()).to.equal(3);
    expect(performance.now() - startedAt).to.be.above(790);
  });

  it('reads again when the process that was reading has died', async () => {
    await database.db('acuity_forms').update({
      reading_until: database.db.raw(`clock_timestamp() + interval '300 ms'`),
    });
    expect(await process().forms()).to.deep.include({ isStale: false });
  });

  it('reads again when another version of the program stored the forms in another shape', async () => {
    await database.db('acuity_forms').update({
      forms: JSON.stringify([{ number: 1 }]),
      read_at: database.db.raw('clock_timestamp()'),
    });
    expect(await process().forms()).to.deep.include({ forms: [aForm()] });
  });

  it('returns every question that is no detail of ours', async () => {
    acuity.showForms(
      aForm({ fields: [9101, 9102, 9103, 9301].map((id) => aField({ id })) }),
      aForm({ id: 602, appointmentTypeIds: [8002], fields: [aField({ id: 9302 })] }),
    );
    await database.db('intake_fields').insert({ name: 'claim_number', acuity_field_id: 9101 });
    const questions = createQuestions({
      db: database.db,
      acuity,
      log: silent,
      referenceFieldId: 9102,
      referrerFieldId: 9103,
    });
    const asked = await questions.questionsFor(8001);
    await database.db('intake_fields').delete();
    expect(asked?.forms.flatMap((form) => form.questions.map(({ fieldId }) => fieldId))).to.deep.equal([
      9301,
    ]);
  });
});
