import { expect } from 'chai';
import { auditLog } from '../../src/audit/index.ts';
import { intakeDetails } from '../../src/bookings/index.ts';
import {
  createMapping,
  createQuestions,
  type Mapping,
  type MappingField,
  type MappingView,
} from '../../src/questions/index.ts';
import { createSpecialistRepository } from '../../src/specialists/index.ts';
import { peopleOf, reasonOf, silent, valueOf, type BookingFixture } from '../support/booking-fixture.ts';
import { aField, aForm } from '../support/builders/form.ts';
import { openSeededDatabase, type TestDatabase } from '../support/database.ts';
import { acuityDown, createFakeAcuity, type FakeAcuity } from '../support/fakes/acuity.ts';
import { forgetForms, forgetMappings } from '../support/kept-questions.ts';

const everyType = [8001, 8002, 8003, 8004, 8005, 8006];
const theirs = () =>
  aForm({
    id: 501,
    name: 'Examination details',
    appointmentTypeIds: everyType,
    fields: [
      aField({ id: 1, name: 'Booking reference' }),
      aField({ id: 2, name: 'Given name' }),
      aField({ id: 3, name: 'Surname' }),
      aField({ id: 4, name: 'Claim number' }),
      aField({ id: 5, name: 'Which side?', type: 'dropdown', options: ['Left', 'Right'] }),
    ],
  });

describe('createMapping', () => {
  let database: TestDatabase;
  let acuity: FakeAcuity;
  let people: BookingFixture['people'];
  /** Of the rows that were written before the test. */
  let lastAuditId: number;
  before(async () => {
    database = await openSeededDatabase();
    people = await peopleOf(database.db);
  });
  after(() => database.close());
  beforeEach(async () => {
    acuity = createFakeAcuity();
    acuity.intakeForms = [theirs()];
    await forgetForms(database.db);
    await forgetMappings(database.db);
    await database.db('intake_fields').delete();
    const last = await database.db('audit_log').orderBy('id', 'desc').first('id');
    lastAuditId = last?.id ?? 0;
  });

  /** Each call simulates another process: they share only the database. */
  const process = (settings: { referenceFieldId?: number; referrerFieldId?: number } = {}): Mapping => {
    const { db } = database;
    const questions = createQuestions({ db, acuity, log: silent, timings: { gapMs: 0 }, ...settings });
    const specialists = createSpecialistRepository(db);
    return createMapping({
      db,
      audit: auditLog,
      questions,
      specialists,
      details: intakeDetails,
      ...settings,
    });
  };
  const fields = ({ forms }: MappingView): MappingField[] => (forms ?? []).flatMap((form) => form.fields);
  const field = (view: MappingView, id: number) => fields(view).find((one) => one.id === id);
  const detail = (view: MappingView, name: string) => view.details.find((one) => one.name === name);
  /** What the page would send when only this is chosen. */
  const chosen = (view: MappingView, wanted: Record<number, string>) => ({
    token: view.token,
    choices: new Map(
      fields(view)
        .filter(({ isMappable, detail: held }) => isMappable || held !== null)
        .map(({ id }) => [id, wanted[id] ?? '']),
    ),
  });
  const mapped = async () =>
    Object.fromEntries(
      (
        (await database.db('intake_fields').orderBy('name')) as { name: string; acuity_field_id: number }[]
      ).map((row) => [row.name, row.acuity_field_id]),
    );
  const audited = () =>
    database
      .db('audit_log')
      .where({ resource_type: 'intake_mapping' })
      .whereNotNull('actor_id')
      .where('id', '>', lastAuditId)
      .orderBy('id')
      .select('actor_id', 'action', 'resource_id', 'metadata');
  const all = { 1: 'reference', 2: 'examinee_first_name', 3: 'examinee_last_name', 4: 'claim_number' };
  const saveAll = async (mapping = process()) => {
    valueOf(await mapping.save(people.ada, chosen(await mapping.read(), all)));
    return mapping;
  };

  it('lists every question with its form, its examinations and a suggestion', async () => {
    acuity.intakeForms = [
      theirs(),
      aForm({ id: 601, name: 'Clinic', isInternal: true, appointmentTypeIds: [8003], fields: [aField()] }),
    ];
    const view = await process().read();
    expect(fields(view).map(({ id, suggestion }) => [id, suggestion])).to.deep.equal([
      [1, 'reference'],
      [2, 'examinee_first_name'],
      [3, 'examinee_last_name'],
      [4, 'claim_number'],
      [5, null],
      [9301, null],
    ]);
    expect(fields(view).every(({ change }) => change === null)).to.equal(true);
    const [main, clinic] = view.forms ?? [];
    expect(main).to.include({ hasAllServices: true, isInternal: false });
    expect(clinic).to.deep.include({
      isInternal: true,
      hasAllServices: false,
      services: [{ specialist: 'Dr Bruno Keller', type: 'in_person' }],
    });
    expect(view).to.include({ saved: null, isStale: false });
  });

  it('saves the mapping with its audit row, and every process uses it at once', async () => {
    const questions = createQuestions({ db: database.db, acuity, log: silent });
    const before = await questions.questionsFor(8001);
    expect(before?.forms[0]?.questions).to.have.length(5);
    await saveAll();
    expect(await mapped()).to.deep.equal({
      reference: 1,
      examinee_first_name: 2,
      examinee_last_name: 3,
      claim_number: 4,
    });
    const after = await questions.questionsFor(8001);
    expect(after?.forms[0]?.questions.map(({ fieldId }) => fieldId)).to.deep.equal([5]);
    const [row, ...others] = await audited();
    expect(others).to.deep.equal([]);
    expect(row).to.deep.equal({
      actor_id: people.ada.viewer.userId,
      action: 'record.changed',
      resource_id: '1',
      metadata: {
        questions: 5,
        changed: {
          reference: { from: null, to: 1 },
          examinee_first_name: { from: null, to: 2 },
          examinee_last_name: { from: null, to: 3 },
          claim_number: { from: null, to: 4 },
        },
      },
    });
    const view = await process().read();
    expect(view.saved?.by).to.equal('Ada Lindqvist');
    expect(fields(view).map((one) => one.detail)).to.deep.equal([
      'reference',
      'examinee_first_name',
      'examinee_last_name',
      'claim_number',
      null,
    ]);
  });

  it('names the examinations that lack a detail’s question', async () => {
    acuity.intakeForms = [{ ...theirs(), appointmentTypeIds: [8001, 8003, 8004, 8005, 8006] }];
    const view = await (await saveAll()).read();
    const lacking = [
      { specialist: 'Dr Erik Lund', type: 'telehealth' },
      { specialist: 'Dr Farah Nasser', type: 'telehealth' },
    ];
    expect(detail(view, 'reference')).to.deep.include({ fieldId: 1, lacking });
    expect(detail(view, 'examinee_email')).to.deep.include({ fieldId: null });
    expect(detail(view, 'examinee_email')?.lacking).to.have.length(view.serviceCount);
    expect(await process().attention()).to.deep.equal({ lost: 0, newRequired: 0, withoutReference: 2 });
  });

  it('lists what is new, changed and removed since the mapping was saved, until it is saved again', async () => {
    const mapping = await saveAll();
    acuity.intakeForms = [
      {
        ...theirs(),
        fields: [
          aField({ id: 1, name: 'Booking reference' }),
          aField({ id: 2, name: 'Forename', required: true }),
          aField({ id: 3, name: 'Surname' }),
          aField({ id: 6, name: 'Claim no', required: true }),
        ],
      },
    ];
    const view = await mapping.readAgain();
    expect(field(view, 1)?.change).to.equal(null);
    expect(field(view, 2)?.change).to.deep.equal({
      kind: 'changed',
      was: { name: 'Given name', required: false },
    });
    expect(field(view, 6)).to.deep.include({ change: { kind: 'new' }, suggestion: null, detail: null });
    const removed = { form: 'Examination details', fixedBy: null };
    expect(view.removed).to.deep.equal([
      { id: 4, name: 'Claim number', detail: 'claim_number', ...removed },
      { id: 5, name: 'Which side?', detail: null, ...removed },
    ]);
    expect(await mapping.attention()).to.deep.equal({ lost: 1, newRequired: 1, withoutReference: 0 });

    const again = { ...all, 6: 'claim_number' };
    valueOf(await mapping.save(people.ada, chosen(view, again)));
    const after = await mapping.read();
    expect(after.removed).to.deep.equal([]);
    expect(fields(after).every(({ change }) => change === null)).to.equal(true);
    expect((await mapped()).claim_number).to.equal(6);
    expect(await mapping.attention()).to.deep.equal({ lost: 0, newRequired: 0, withoutReference: 0 });
  });

  it('keeps a detail with a question that is gone when an admin chooses so', async () => {
    const mapping = await saveAll();
    acuity.intakeForms = [{ ...theirs(), fields: theirs().fields.filter(({ id }) => id !== 4) }];
    const view = await mapping.readAgain();
    const kept = chosen(view, all);
    kept.choices.set(4, 'claim_number');
    valueOf(await mapping.save(people.ada, kept));
    expect((await mapped()).claim_number).to.equal(4);
    const freed = chosen(await mapping.read(), all);
    freed.choices.set(4, '');
    valueOf(await mapping.save(people.ada, freed));
    expect(await mapped()).not.to.have.property('claim_number');
  });

  it('reports when a mapped question takes no text any more, and lets it keep or lose its detail', async () => {
    const mapping = await saveAll();
    const changed = theirs().fields.map((one) => (one.id === 4 ? { ...one, type: 'yesno' as const } : one));
    acuity.intakeForms = [{ ...theirs(), fields: changed }];
    const view = await mapping.readAgain();
    expect(field(view, 4)).to.deep.include({
      detail: 'claim_number',
      isMappable: false,
      change: { kind: 'changed', was: { type: 'textbox' } },
    });
    expect(await mapping.attention()).to.include({ lost: 1 });
    valueOf(await mapping.save(people.ada, chosen(view, all)));
    expect((await mapped()).claim_number).to.equal(4);
    valueOf(await mapping.save(people.ada, chosen(await mapping.read(), { ...all, 4: '' })));
    expect(await mapped()).not.to.have.property('claim_number');
    const again = chosen(await mapping.read(), all);
    again.choices.set(4, 'claim_number');
    expect(reasonOf(await mapping.save(people.ada, again)).reason).to.equal('invalid');
  });

  it('lets two details swap their questions', async () => {
    const mapping = await saveAll();
    const view = await mapping.read();
    const swapped = { ...all, 2: 'examinee_last_name', 3: 'examinee_first_name' };
    valueOf(await mapping.save(people.ada, chosen(view, swapped)));
    expect(await mapped()).to.include({ examinee_last_name: 2, examinee_first_name: 3 });
  });

  it('writes nothing when nothing changed', async () => {
    const mapping = await saveAll();
    valueOf(await mapping.save(people.ada, chosen(await mapping.read(), all)));
    expect(await audited()).to.have.length(1);
    expect(await database.db('intake_mappings').select('version')).to.have.length(1);
  });

  it('refuses choices that cannot be saved, and writes nothing', async () => {
    const mapping = await saveAll();
    const view = await mapping.read();
    const refused = async (change: (choices: Map<number, string>) => void) => {
      const given = chosen(view, all);
      change(given.choices);
      const failed = reasonOf(await mapping.save(people.ada, given));
      if (failed.reason !== 'invalid') throw new Error(`Refused as ${failed.reason}`);
      return failed.errors;
    };
    expect(await refused((choices) => choices.set(3, 'claim_number'))).to.deep.equal([
      { path: 'field-4', message: '“Claim number” is chosen twice: here and for the question “Surname”' },
    ]);
    expect(await refused((choices) => choices.set(4, 'shoe_size'))).to.deep.equal([
      { path: 'field-4', message: 'Choose from the list what “Claim number” is' },
    ]);
    expect(await refused((choices) => choices.delete(4))).to.deep.equal([
      { path: 'field-4', message: 'Choose what “Claim number” is' },
    ]);
    expect(await refused((choices) => choices.set(77, 'examinee_email'))).to.deep.equal([
      { path: 'field-77', message: '“Question 77” cannot hold “E-mail address”: only text questions can' },
    ]);
    acuity.intakeForms = [
      { ...theirs(), fields: [...theirs().fields, aField({ id: 8, name: 'Agreed', type: 'yesno' })] },
    ];
    const later = await mapping.readAgain();
    const given = chosen(later, all);
    given.choices.set(8, 'examinee_email');
    expect(reasonOf(await mapping.save(people.ada, given))).to.have.property('reason', 'invalid');
    expect(await mapped()).to.deep.equal({
      reference: 1,
      examinee_first_name: 2,
      examinee_last_name: 3,
      claim_number: 4,
    });
    expect(await audited()).to.have.length(1);
  });

  it('refuses support and referrers', async () => {
    const mapping = process();
    const given = chosen(await mapping.read(), all);
    for (const who of [people.sam, people.rita])
      expect(reasonOf(await mapping.save(who, given)).reason).to.equal('forbidden');
    expect(await mapped()).to.deep.equal({});
  });

  it('refuses a save over a newer one, and names who changed what', async () => {
    const mapping = process();
    const view = await mapping.read();
    valueOf(await mapping.save(people.ada, chosen(view, { 1: 'reference', 2: 'examinee_last_name' })));
    const second = { ...people.sam, viewer: { ...people.sam.viewer, role: 'admin' as const } };
    expect(reasonOf(await process().save(second, chosen(view, all)))).to.deep.equal({
      ok: false,
      reason: 'stale',
      by: 'Ada Lindqvist',
      changed: [
        { label: 'Booking reference', from: null, to: 1 },
        { label: 'Last name', from: null, to: 2 },
      ],
    });
    valueOf(await mapping.save(second, chosen(await mapping.read(), all)));
    expect(await mapped()).to.include({ claim_number: 4 });
  });

  it('accepts one save when many are made at the same time', async () => {
    const view = await process().read();
    const saves = await Promise.all(
      Array.from({ length: 6 }, () => process().save(people.ada, chosen(view, all))),
    );
    expect(saves.filter((save) => save.ok)).to.have.length(1);
    for (const save of saves) if (!save.ok) expect(save.reason).to.equal('stale');
    expect(await audited()).to.have.length(1);
  });

  it('refuses a save when the mapping was changed in the database since', async () => {
    const mapping = await saveAll();
    const view = await mapping.read();
    await database.db('intake_fields').where({ name: 'claim_number' }).delete();
    expect(reasonOf(await mapping.save(people.ada, chosen(view, all)))).to.deep.include({
      reason: 'stale',
      by: null,
    });
  });

  it('refuses a save when Acuity’s questions changed since they were shown', async () => {
    const mapping = process();
    const view = await mapping.read();
    acuity.intakeForms = [{ ...theirs(), fields: [...theirs().fields, aField({ id: 7, name: 'New' })] }];
    await process().readAgain();
    expect(reasonOf(await mapping.save(people.ada, chosen(view, all))).reason).to.equal('questions_changed');
    expect(await mapped()).to.deep.equal({});
  });

  it('audits rows that are changed directly in the database', async () => {
    await database.db('intake_fields').insert({ name: 'claim_number', acuity_field_id: 4 });
    const row = (await database.db('audit_log').orderBy('id', 'desc').first()) as Record<string, unknown>;
    expect(row).to.deep.include({
      action: 'record.changed',
      resource_type: 'intake_mapping',
      resource_id: 'claim_number',
      actor_id: null,
    });
    expect(row.metadata).to.include({ operation: 'insert', field: 4 });
  });

  it('leaves out what the configuration sets', async () => {
    await database.db('intake_fields').insert([
      { name: 'reference', acuity_field_id: 1 },
      { name: 'claim_number', acuity_field_id: 4 },
    ]);
    const mapping = process({ referenceFieldId: 2, referrerFieldId: 3 });
    const view = await mapping.read();
    expect(field(view, 2)).to.include({ detail: 'reference', fixedBy: 'ACUITY_REFERENCE_FIELD_ID' });
    expect(field(view, 3)).to.include({ detail: null, fixedBy: 'REFERRER_FIELD_ID', suggestion: null });
    expect(field(view, 1)).to.include({ detail: null, fixedBy: null });
    expect(detail(view, 'reference')).to.deep.include({ fieldId: 2, lacking: [] });
    const given = chosen(view, { 4: 'claim_number' });
    given.choices.delete(2);
    given.choices.delete(3);
    valueOf(await mapping.save(people.ada, given));
    // The row stays, for when the configuration no longer overrides it.
    expect(await mapped()).to.deep.equal({ reference: 1, claim_number: 4 });
    given.choices.set(1, 'reference');
    const again = { ...given, token: (await mapping.read()).token };
    expect(reasonOf(await mapping.save(people.ada, again))).to.deep.include({
      errors: [
        {
          path: 'field-1',
          message: 'Which question holds “Booking reference” is set in the configuration',
        },
      ],
    });
  });

  it('offers no questions, and refuses a save, when Acuity was never read', async () => {
    acuity.failWith(acuityDown);
    const mapping = process();
    const view = await mapping.read();
    expect(view).to.include({ forms: null, asOf: null, isStale: true });
    expect(
      reasonOf(await mapping.save(people.ada, { token: view.token, choices: new Map() })).reason,
    ).to.equal('never_read');
    expect(await mapping.attention()).to.deep.include({ lost: 0, withoutReference: view.serviceCount });
  });
});
