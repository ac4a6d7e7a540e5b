import { expect } from 'chai';
import { formsFor, wholeWith } from '../../src/questions/mapping.one.ts';
import type { MappingField, MappingView } from '../../src/questions/mapping.ts';

const aField = (id: number, but: Partial<MappingField> = {}): MappingField => ({
  id,
  form: 'Details',
  name: `Question ${id}`,
  type: 'textbox',
  required: false,
  isInternal: false,
  detail: null,
  fixedBy: null,
  suggestion: null,
  change: null,
  isMappable: true,
  ...but,
});

const aView = (fields: MappingField[], held: Record<string, number | null>): MappingView => ({
  forms: [{ id: 1, name: 'Details', isInternal: false, services: [], hasAllServices: true, fields }],
  asOf: null,
  isStale: false,
  removed: [],
  details: Object.entries(held).map(([name, fieldId]) => ({ name, label: name, fieldId, lacking: [] })),
  serviceCount: 0,
  saved: null,
  token: 'token',
});

describe('the question of one detail', () => {
  const fields = [
    aField(1, { detail: 'reference', fixedBy: 'ACUITY_REFERENCE_FIELD_ID' }),
    aField(2, { detail: 'claim_number' }),
    aField(3, { detail: 'examinee_email' }),
    aField(4),
    aField(5, { type: 'address', isMappable: false }),
  ];
  const view = aView(fields, { reference: 1, claim_number: 2, examinee_email: 3 });
  const whole = (question: unknown, given = view) =>
    wholeWith(given, { token: 'token', detail: 'claim_number', question });

  it('is chosen from its own and the free ones that can hold it', () => {
    expect(formsFor(view, 'claim_number')[0]?.fields.map(({ id }) => id)).to.deep.equal([2, 4]);
  });

  it('changes alone when it is chosen: the others keep theirs, and only this one is confirmed', () => {
    expect(whole('4')).to.deep.equal({
      ok: true,
      value: {
        token: 'token',
        choices: new Map([
          [2, ''],
          [3, 'examinee_email'],
          [4, 'claim_number'],
        ]),
        confirms: new Set([4]),
      },
    });
  });

  it('may be none, and may stay when it is gone from Acuity', () => {
    const gone = aView(fields.slice(2), { claim_number: 2, examinee_email: 3 });
    for (const given of [view, gone]) {
      const read = whole('', given);
      expect(read.ok && read.value.choices.get(2)).to.equal('');
      expect(read.ok && read.value.confirms).to.deep.equal(new Set());
    }
    expect(whole('2', gone).ok, 'it may stay').to.equal(true);
  });

  it('is refused when it holds another detail, is set in the configuration, cannot hold it or is unknown', () => {
    for (const question of ['1', '3', '5', '99', 'x', 4, null, undefined, ['4']]) {
      const read = whole(question);
      expect(read.ok ? null : read.errors, String(question)).to.deep.equal([
        { path: 'question', message: 'Choose a question from the list' },
      ]);
    }
  });
});
