import { expect } from 'chai';
import { intakeDetails } from '../../src/bookings/index.ts';
import type { AcuityField } from '../../src/ports/acuity.ts';
import { suggestDetails } from '../../src/questions/mapping.suggest.ts';
import { fixtureForms } from '../../src/simulator/fixture.ts';
import { aField } from '../support/builders/form.ts';

const fieldsOf = (...names: string[]): AcuityField[] =>
  names.map((name, index) => aField({ id: index + 1, name }));
const suggest = (fields: AcuityField[], reach: (id: number) => number = () => 1) =>
  suggestDetails(fields, intakeDetails(), reach);

describe('suggestDetails', () => {
  it('finds every detail on the practice’s form, and none among its other questions', () => {
    const fields = fixtureForms.flatMap((form) => form.fields);
    expect([...suggest(fields)].toSorted(([a], [b]) => a - b)).to.deep.equal([
      [9101, 'reference'],
      [9102, 'examinee_first_name'],
      [9103, 'examinee_last_name'],
      [9104, 'examinee_phone'],
      [9105, 'examinee_email'],
      [9106, 'examinee_date_of_birth'],
      [9107, 'claim_number'],
      [9108, 'organization'],
      [9109, 'interpreter_language'],
    ]);
  });

  const known: Record<string, string> = {
    DOB: 'examinee_date_of_birth',
    'D.O.B. (dd/mm/yyyy)': 'examinee_date_of_birth',
    'What is the claimant’s date of birth?': 'examinee_date_of_birth',
    'Given names': 'examinee_first_name',
    'SURNAME OF EXAMINEE': 'examinee_last_name',
    'Family name of the injured worker': 'examinee_last_name',
    Mobile: 'examinee_phone',
    'Patient’s contact number': 'examinee_phone',
    'Claimant E-Mail': 'examinee_email',
    Claim: 'claim_number',
    'Claim No.': 'claim_number',
    'Examdesk reference (do not change)': 'reference',
    'Law firm': 'organization',
    'Language of the interpreter': 'interpreter_language',
    'Is an interpreter required?': 'interpreter_language',
    'Referring organisation': 'organization',
  };
  for (const [name, detail] of Object.entries(known)) {
    it(`recognises “${name}”`, () => {
      expect([...suggest(fieldsOf(name))]).to.deep.equal([[1, detail]]);
    });
  }

  for (const name of [
    'Your file reference',
    'Your e-mail address',
    'Phone number of the case manager',
    'Referrer email',
    'Solicitor surname',
    'Kind of claim',
    'Name of the treating doctor',
    'Interpreter’s phone number',
    'Does the examinee have a phone that can receive long text messages about the appointment?',
    'Examinee name',
    '',
  ]) {
    it(`suggests nothing for “${name}”`, () => {
      expect(suggest(fieldsOf(name)).size).to.equal(0);
    });
  }

  it('suggests no detail for a question that takes no text', () => {
    for (const type of ['dropdown', 'checkbox', 'checkboxlist', 'yesno', 'address', 'file'] as const)
      expect(suggest([aField({ name: 'Claim number', type })]).size, type).to.equal(0);
  });

  it('gives each detail to one question: the one with the better words, then the one on more forms', () => {
    expect([...suggest(fieldsOf('Home phone', 'Mobile phone', 'Phone'))]).to.deep.equal([
      [2, 'examinee_phone'],
    ]);
    const equal = fieldsOf('Claim number', 'Claim number');
    expect([...suggest(equal)]).to.deep.equal([[1, 'claim_number']]);
    expect([...suggest(equal, (id) => id)]).to.deep.equal([[2, 'claim_number']]);
  });
});
