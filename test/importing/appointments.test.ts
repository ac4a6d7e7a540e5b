import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { openAppGround, type AppGround } from '../support/app-ground.ts';
import { openImportStack, type ImportStack } from '../support/import-stack.ts';

const stranger = 'paula@new-firm.example';

describe('the import of appointments', () => {
  let ground: AppGround;
  let stack: ImportStack;
  before(async () => {
    ground = await openAppGround();
  });
  after(() => ground.close());
  beforeEach(async () => {
    stack = await openImportStack(ground);
  });
  afterEach(() => stack.close());

  const cancel = (id: number, body: object = {}) =>
    stack.staff('PUT', `/appointments/${id}/cancel?admin=true&noEmail=true`, body);
  const count = async (table: string) => Number((await stack.app.db(table).count({ n: '*' }))[0]?.n);
  const progressOf = async (id: number) => {
    const booking = await stack.booking(id);
    return `${booking?.current_progress}, ${booking?.status}`;
  };
  /** One of each kind. */
  async function aPast() {
    const ids = {
      coming: await stack.appointmentIn(10),
      over: await stack.appointmentIn(-20),
      missed: await stack.appointmentIn(-21),
      cancelled: await stack.appointmentIn(-22),
      cancelledAhead: await stack.appointmentIn(12),
      unknown: await stack.appointmentIn(11, { email: stranger }),
      elsewhere: await stack.appointmentIn(9, { calendarID: 7003 }),
    };
    await cancel(ids.missed, { noShow: true });
    await cancel(ids.cancelled);
    await cancel(ids.cancelledAhead);
    await stack.app
      .db('specialists')
      .where({ acuity_calendar_id: 7003 })
      .update({ acuity_calendar_id: 7999 });
    return ids;
  }

  it('reports what it would make, for whom, and what it would leave and why, in a dry run', async () => {
    const ids = await aPast();
    const audited = await count('audit_log');
    const { lines, totals, importId } = await stack.acuity({ applies: false });
    expect(totals).to.deep.equal({ made: 6, changed: 0, matched: 0, left: 1, bad: 0 });
    expect(importId).to.equal(null);
    const said = Object.fromEntries(
      lines.map(({ appointmentId, to, says }) => [appointmentId, `${to}: ${says}`]),
    );
    const rita = 'rita@harbour-legal.example, Harbour Legal';
    expect(said).to.deep.equal({
      [ids.coming]: `${rita}: scheduled`,
      [ids.over]: `${rita}: payment_received`,
      [ids.missed]: `${rita}: no_show, closed`,
      [ids.cancelled]: `${rita}: cancelled`,
      [ids.cancelledAhead]: `${rita}: cancelled`,
      [ids.unknown]: ': scheduled; no referrer is known',
      [ids.elsewhere]: ': no specialist has calendar 7003: add the specialist, then import again',
    });
    expect([await count('bookings'), await count('imports'), await count('audit_log')]).to.deep.equal([
      0,
      0,
      audited,
    ]);
  });

  it('makes each booking with its state in Acuity, closes past ones, and mails nobody, then or later', async () => {
    const ids = await aPast();
    const { totals, importId } = await stack.acuity();
    expect(totals).to.deep.equal({ made: 6, changed: 0, matched: 0, left: 1, bad: 0 });
    expect(await progressOf(ids.coming)).to.equal('scheduled, active');
    expect(await progressOf(ids.over)).to.equal('payment_received, closed');
    expect(await progressOf(ids.missed)).to.equal('no_show, closed');
    expect(await progressOf(ids.cancelled)).to.equal('cancelled, cancelled');
    expect(await progressOf(ids.cancelledAhead)).to.equal('cancelled, cancelled');
    expect(await stack.booking(ids.unknown)).to.include({ created_by_id: null });
    expect(await stack.booking(ids.coming)).to.include({
      source: 'acuity_direct',
      examinee_first_name: 'Ewan',
    });
    const history: unknown = await stack.app
      .db('booking_progress')
      .where({ booking_id: (await stack.booking(ids.over))?.id })
      .orderBy('created_at')
      .select('progress', 'source', 'changed_by_id');
    expect(history).to.deep.equal([
      { progress: 'scheduled', source: 'import', changed_by_id: null },
      { progress: 'payment_received', source: 'import', changed_by_id: null },
    ]);
    const named = await stack.app.db('audit_log').whereRaw(`metadata ->> 'importId' = ?`, [importId]);
    expect(named).to.have.length(6);

    const { sync } = stack.app.system.services;
    await stack.app
      .db('specialists')
      .where({ acuity_calendar_id: 7999 })
      .update({ acuity_calendar_id: 7003 });
    await stack.acuity();
    expect(await sync.reconcileAll(), 'all is in step').to.include({ found: 0 });
    expect(await stack.mails()).to.deep.equal([]);
  });

  it('makes each booking once when it runs several times', async () => {
    await aPast();
    await stack.acuity();
    for (let again = 0; again < 2; again += 1)
      expect((await stack.acuity()).totals).to.deep.equal({
        made: 0,
        changed: 0,
        matched: 6,
        left: 1,
        bad: 0,
      });
    expect(await count('bookings')).to.equal(6);
    expect((await stack.acuity({ applies: false })).totals).to.include({ matched: 6 });
  });

  it('gives past bookings the requested progress, and closes those before the given day', async () => {
    const [old, young] = [await stack.appointmentIn(-30), await stack.appointmentIn(-5)];
    await stack.acuity({ past: 'generating_report', closedUntil: stack.day(-10) });
    expect(await progressOf(old)).to.equal('payment_received, closed');
    expect(await progressOf(young)).to.equal('generating_report, active');
  });

  it('completes bookings that reconciliation made, and changes none that somebody works on', async () => {
    const [over, inProgress, unknown] = [
      await stack.appointmentIn(-5),
      await stack.appointmentIn(-4),
      await stack.appointmentIn(8, { email: stranger }),
    ];
    const { sync, imports } = stack.app.system.services;
    await sync.reconcileNear();
    await stack.app
      .db('bookings')
      .where({ acuity_appointment_id: inProgress })
      .update({ created_at: new Date(Date.now() - 30 * 86_400_000) });
    await stack.app.db('emails').delete();
    const file = {
      name: 'people.csv',
      bytes: Buffer.from(`organisation,name,email\nNew Firm,Paula New,${stranger}\n`),
    };
    await imports.people(
      { file, applies: true, invites: false },
      { line: () => undefined, progress: () => undefined },
    );
    const { lines, totals, importId } = await stack.acuity();
    expect(totals).to.include({ made: 0, changed: 2, matched: 1 });
    expect(lines.find(({ appointmentId }) => appointmentId === unknown)).to.include({
      outcome: 'changed',
      to: `${stranger}, New Firm`,
      says: 'referrer',
    });
    expect(lines.find(({ appointmentId }) => appointmentId === over)).to.include({
      outcome: 'changed',
      says: 'progress',
    });
    expect(await progressOf(over)).to.equal('payment_received, closed');
    expect(await progressOf(inProgress)).to.equal('scheduled, active');
    expect((await stack.booking(unknown))?.created_by_id).not.to.equal(null);
    expect(await stack.mails()).to.deep.equal([]);
    // Back as reconciliation had made them.
    expect(await stack.undo(importId)).to.deep.equal({ takenBack: 2, left: [] });
    expect(await progressOf(over)).to.equal('scheduled, active');
    expect(await stack.booking(unknown)).to.include({ created_by_id: null, organization_id: null });
  });

  it('mails an imported referrer nothing until they accept their invitation', async () => {
    const { imports, convergence } = stack.app.system.services;
    const bytes = Buffer.from(`organisation,name,email\nNew Firm,Paula New,${stranger}\n`);
    await imports.people(
      { file: { name: 'people.csv', bytes }, applies: true, invites: false },
      { line: () => undefined, progress: () => undefined },
    );
    const id = await stack.appointmentIn(8, { email: stranger });
    await stack.acuity();
    await cancel(id);
    await convergence.converge(id, { source: 'acuity' });
    expect(await stack.booking(id)).to.include({ status: 'cancelled' });
    expect(await stack.mails()).to.deep.equal([]);
  });

  it('makes the referrers that Acuity names, with their organisation, when asked to, and takes them back', async () => {
    const [organizationField] = await stack.app
      .db('intake_fields')
      .where({ name: 'organization' })
      .pluck('acuity_field_id');
    const named = (days: number, organization: string, calendarID = 7001) =>
      stack.appointmentIn(days, {
        firstName: 'Paula',
        lastName: 'New',
        email: stranger,
        calendarID,
        fields: [{ id: organizationField, value: organization }],
      });
    const [over, coming] = [await named(-6, 'New Firm'), await named(9, 'New  Firm')];
    await stack.appointmentIn(10, { email: 'nameless@we.example' });
    const looked = await stack.acuity({ people: true, applies: false });
    expect(looked.lines.map(({ to, says }) => `${to}: ${says}`)).to.deep.equal([
      `${stranger}, New Firm: payment_received; a new referrer`,
      `${stranger}, New Firm: scheduled; a new referrer`,
      ': scheduled; no referrer is known',
    ]);
    expect(await count('users')).to.equal(5);
    const { importId, totals } = await stack.acuity({ people: true });
    expect(totals).to.include({ made: 3 });
    const owners = await stack.app
      .db('bookings as b')
      .join('users as u', 'u.id', 'b.created_by_id')
      .join('organizations as o', 'o.id', 'b.organization_id')
      .whereIn('b.acuity_appointment_id', [over, coming])
      .select('u.email', 'u.name', 'o.name as organization', 'u.awaits_invitation');
    const owner = { email: stranger, name: 'Paula New', organization: 'New Firm', awaits_invitation: true };
    expect(owners).to.deep.equal([owner, owner]);
    expect((await stack.acuity({ people: true })).totals).to.include({ made: 0, changed: 0, matched: 3 });
    expect(await stack.mails()).to.deep.equal([]);
    expect(await stack.undo(importId)).to.deep.equal({ takenBack: 5, left: [] });
    expect(await count('users')).to.equal(5);
  });

  it('continues as the same import when it was interrupted, and is taken back whole', async () => {
    await aPast();
    stack.failAt('appointment', 3);
    const died: unknown = await stack.acuity().catch((error: unknown) => error);
    expect(String(died)).to.contain('It ends here');
    stack.failAt(null);
    expect(await count('bookings')).to.equal(3);
    await stack.app.db('imports').update({ state: 'running', finished_at: null });
    const { totals, importId } = await stack.acuity();
    expect(totals).to.include({ made: 3, matched: 3 });
    expect(await count('imports')).to.equal(1);
    expect(await stack.undo(importId)).to.deep.equal({ takenBack: 6, left: [] });
    expect(await count('bookings')).to.equal(0);
  });

  it('is taken back except for bookings changed since; reconciliation makes the others again without mails', async () => {
    const ids = await aPast();
    const { importId } = await stack.acuity();
    await stack.app.db('bookings').where({ acuity_appointment_id: ids.over }).update({ version: 9 });
    const mailed = await stack.booking(ids.unknown);
    await stack.app.db('emails').insert({
      id: mailed?.id,
      kind: 'booking_confirmation',
      dedupe_key: 'x',
      recipient: 'x@x.example',
      booking_id: mailed?.id,
    });
    const { takenBack, left } = await stack.undo(importId);
    expect(takenBack).to.equal(4);
    expect(left).to.have.members(['the booking was changed since', 'other records refer to it']);
    expect(await stack.app.db('bookings').pluck('acuity_appointment_id')).to.have.members([
      ids.over,
      ids.unknown,
    ]);
    await stack.app.db('emails').delete();
    await stack.app.system.services.sync.reconcileNear();
    expect(await stack.booking(ids.coming), 'reconciliation brings it back').not.to.equal(undefined);
    const kinds = await stack.app.db('emails').pluck('kind');
    expect(kinds.filter((kind) => kind !== 'drift_report')).to.deep.equal([]);
  });

  it('waits when Acuity is busy, and continues at the next run when Acuity is unreachable', async () => {
    await stack.appointmentIn(10);
    await stack.control('/faults', {
      rules: [{ method: 'GET', path: '/appointments', times: 1, effect: { status: 429, body: '{}' } }],
    });
    expect((await stack.acuity()).totals).to.include({ made: 1 });
    await stack.control('/faults', {
      rules: [{ method: 'GET', path: '/appointments', times: 1, effect: { status: 401, body: '{}' } }],
    });
    const away: unknown = await stack.acuity().catch((error: unknown) => error);
    expect(String(away)).to.contain('acuity');
    expect((await stack.acuity()).totals).to.include({ made: 0, matched: 1 });
  });
});

describe('the import of bookings from a spreadsheet', () => {
  let ground: AppGround;
  let stack: ImportStack;
  before(async () => {
    ground = await openAppGround();
  });
  after(() => ground.close());
  beforeEach(async () => {
    stack = await openImportStack(ground);
  });
  afterEach(() => stack.close());

  it('reads the example of the documentation', async () => {
    const example = readFileSync(new URL('../../docs/import/bookings.csv', import.meta.url), 'utf8');
    const { totals, lines } = await stack.bookings(example, { applies: false });
    expect(totals).to.include({ bad: 0, left: 3 });
    expect(new Set(lines.map(({ says }) => says))).to.deep.equal(new Set(['Acuity has no such appointment']));
  });

  it('makes bookings from the file, completes existing ones, and mails nobody', async () => {
    const [isNew, isImported, coming] = [
      await stack.appointmentIn(-20, { email: stranger }),
      await stack.appointmentIn(-10, { email: stranger }),
      await stack.appointmentIn(10, { email: stranger }),
    ];
    await stack.app.system.services.convergence.converge(isImported, { source: 'acuity', quiet: true });
    const csv = [
      'acuity_id;referrer;claim_number;progress',
      `${isNew};rita@harbour-legal.example;WC-1;Report generated`,
      `${isImported};rob@harbour-legal.example;WC-2;generating_report`,
      `${coming};nadia@northside-claims.example;WC-3;`,
    ].join('\r\n');
    const { totals, importId } = await stack.bookings(csv);
    expect(totals).to.deep.equal({ made: 2, changed: 1, matched: 0, left: 0, bad: 0 });
    const rows = (await stack.app
      .db('bookings as b')
      .join('users as u', 'u.id', 'b.created_by_id')
      .orderBy('b.starts_at')
      .select('u.email', 'b.claim_number', 'b.current_progress', 'b.status')) as Record<string, string>[];
    expect(rows.map((row) => Object.values(row).join(' '))).to.deep.equal([
      'rita@harbour-legal.example WC-1 report_generated active',
      'rob@harbour-legal.example WC-2 generating_report active',
      'nadia@northside-claims.example WC-3 scheduled active',
    ]);
    expect((await stack.bookings(csv)).totals).to.include({ made: 0, changed: 0, matched: 3 });
    expect(await stack.mails()).to.deep.equal([]);
    expect(await stack.undo(importId)).to.deep.equal({ takenBack: 3, left: [] });
    expect(await stack.booking(isImported)).to.include({
      created_by_id: null,
      claim_number: null,
      current_progress: 'scheduled',
    });
  });

  it('leaves rows that contradict existing bookings, with the reason', async () => {
    const [over, coming] = [await stack.appointmentIn(-10), await stack.appointmentIn(10)];
    await stack.acuity();
    await stack.app.db('bookings').where({ acuity_appointment_id: over }).update({ claim_number: 'OTHER' });
    const { lines } = await stack.bookings(
      [
        'acuity_id,referrer,claim_number,progress',
        `${over},,WC-1,`,
        `${over},,,closed`,
        `${coming},nadia@northside-claims.example,,`,
        `999,,,`,
        `${coming}9,nobody@we.example,,`,
        'twelve,,,later',
      ].join('\n'),
    );
    expect(lines.map(({ line, outcome, says }) => `${line} ${outcome}: ${says}`)).to.deep.equal([
      '2 left: the booking has another claim number here',
      '3 left: line 2 has this appointment already',
      '4 left: the booking has another referrer here',
      '5 left: Acuity has no such appointment',
      '6 left: there is no referrer nobody@we.example here: import people first',
      '7 bad: acuity_id: Enter the number of the appointment in Acuity; progress: Use closed, payment_received, report_generated, generating_report, no_show, scheduled',
    ]);
  });
});
