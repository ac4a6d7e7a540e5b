import { expect } from 'chai';
import { startTestApp, type Agent, type TestApp } from '../support/app.ts';
import { aField, aForm } from '../support/builders/form.ts';
import { acuityDown, createFakeAcuity, detailsForm, type FakeAcuity } from '../support/fakes/acuity.ts';
import { forgetForms } from '../support/kept-questions.ts';

interface QuestionsJson {
  questions: { fieldId: number }[];
  asOf: string | null;
}

describe('GET /specialists/:id/questions', () => {
  let acuity: FakeAcuity;
  let app: TestApp;
  let rita: Agent;
  let ids: Record<string, string>;

  before(async () => {
    acuity = createFakeAcuity();
    app = await startTestApp({ overrides: { acuity, questions: { timings: { gapMs: 0 } } } });
    rita = await app.signIn('rita@harbour-legal.example');
    const { body } = await rita.get('/specialists').expect(200);
    const { specialists } = body as { specialists: { id: string; name: string }[] };
    ids = Object.fromEntries(specialists.map(({ id, name }) => [name, id]));
  });
  after(() => app.close());
  beforeEach(async () => {
    acuity.recover();
    acuity.showForms(detailsForm());
    await forgetForms(app.db);
  });

  const ask = (name: string, query = 'type=in_person') =>
    rita.get(`/specialists/${ids[name]}/questions?${query}`);

  it('returns the questions of the specialist’s appointment type, without our own details', async () => {
    const options = ['Left', 'Right'];
    acuity.showForms(
      aForm({ id: 501, name: 'Examination details', fields: [aField({ id: 9101 }), aField({ id: 9107 })] }),
      aForm({
        id: 601,
        name: 'Before the examination',
        description: 'By the practice',
        fields: [
          aField({ id: 9301, name: 'Side', required: true, type: 'dropdown', options }),
          aField({ id: 9302, name: 'Your file reference' }),
        ],
      }),
      aForm({ id: 602, name: 'Psychiatry', appointmentTypeIds: [8003], fields: [aField({ id: 9303 })] }),
    );
    const res = await ask('Dr Amelia Hart').expect(200).expect('X-Cache', 'HIT');
    const { questions, asOf } = res.body as QuestionsJson;
    const form = { form: 'Before the examination', description: 'By the practice' };
    expect(questions).to.deep.equal([
      { fieldId: 9301, ...form, label: 'Side', type: 'dropdown', required: true, options },
      { fieldId: 9302, ...form, label: 'Your file reference', type: 'text', required: false },
    ]);
    expect(Date.now() - Date.parse(asOf ?? '')).to.be.within(0, 60_000);
    const other = await ask('Dr Bruno Keller').expect(200);
    expect((other.body as QuestionsJson).questions.map(({ fieldId }) => fieldId)).to.deep.equal([9303]);
  });

  it('returns the last questions as stale when Acuity cannot be read', async () => {
    acuity.showForms(aForm());
    await ask('Dr Amelia Hart').expect(200);
    await app.db('acuity_forms').update({ read_at: app.db.raw(`read_at - interval '2 hours'`) });
    acuity.failWith(acuityDown);
    const res = await ask('Dr Amelia Hart').expect(200).expect('X-Cache', 'STALE');
    const { questions, asOf } = res.body as QuestionsJson;
    expect(questions).to.have.length(1);
    expect(Date.now() - Date.parse(asOf ?? '')).to.be.above(3_600_000);
  });

  it('returns no questions and no time when the forms were never read', async () => {
    acuity.failWith(acuityDown);
    const res = await ask('Dr Amelia Hart').expect(200).expect('X-Cache', 'STALE');
    expect(res.body).to.deep.equal({ questions: [], asOf: null });
  });

  it('refuses a type that is not offered, no type, and an unknown specialist', async () => {
    await ask('Dr Amelia Hart', 'type=telehealth').expect(422);
    await ask('Dr Amelia Hart', '').expect(422);
    for (const id of ['0197c000-0000-7000-8000-000000000000', 'x']) {
      await rita.get(`/specialists/${id}/questions?type=in_person`).expect(404);
    }
  });
});
