import { expect } from 'chai';
import fc from 'fast-check';
import { readAnswers } from '../../src/questions/answer.ts';
import { questionForms } from '../../src/questions/question.ts';
import { acuityFieldTypes, type AcuityField } from '../../src/ports/acuity.ts';
import { aField, aForm } from '../support/builders/form.ts';
import { assertAlways } from '../support/random.ts';

const options = ['Left', 'Right, mostly', 'Both'];
const fields = acuityFieldTypes.map((type, index) =>
  aField({ id: index + 1, name: `A ${type}`, type, options }),
);
const idOf = (type: AcuityField['type']) => acuityFieldTypes.indexOf(type) + 1;
const asked = (required = false) =>
  questionForms([aForm({ fields: fields.map((field) => ({ ...field, required })) })], 8001, new Set());

function read(type: AcuityField['type'], value: unknown, required = false) {
  const forms = asked(required).map((form) => ({
    ...form,
    questions: form.questions.filter(({ fieldId }) => fieldId === idOf(type)),
  }));
  const result = readAnswers(forms, [{ fieldId: idOf(type), value }]);
  return result.ok ? (result.value[0]?.value ?? null) : result.errors[0]?.message;
}

describe('readAnswers', () => {
  it('returns the answers with their questions in the order of the forms', () => {
    const given = [
      { fieldId: idOf('checkboxlist'), value: ['Both', 'Left'] },
      { fieldId: idOf('textbox'), value: '  Left knee ' },
    ];
    expect(readAnswers(asked(), given)).to.deep.equal({
      ok: true,
      value: [
        { fieldId: 1, form: 'Before the examination', label: 'A textbox', type: 'text', value: 'Left knee' },
        {
          fieldId: 5,
          form: 'Before the examination',
          label: 'A checkboxlist',
          type: 'checkboxlist',
          value: ['Left', 'Both'],
        },
      ],
    });
  });

  it('accepts every valid answer of each type', () => {
    expect(read('textbox', 'Left knee')).to.equal('Left knee');
    expect(read('textarea', 'One\r\nTwo')).to.equal('One\nTwo');
    expect(read('dropdown', 'Right, mostly ')).to.equal('Right, mostly');
    expect(read('checkbox', 'yes')).to.equal('yes');
    expect(read('checkbox', 'no')).to.equal('no');
    expect(read('checkboxlist', ['Right, mostly', 'Left', 'Left'])).to.deep.equal(['Left', 'Right, mostly']);
    expect(read('yesno', 'no')).to.equal('no');
    expect(read('address', '1 High St\nSydney')).to.equal('1 High St\nSydney');
    expect(read('file', 'https://files.example/a.pdf')).to.equal('https://files.example/a.pdf');
    expect(read('file', 'later', true)).to.equal('later');
  });

  it('refuses invalid answers of each type', () => {
    expect(read('textbox', 'One\nTwo')).to.equal('“A textbox” must be one line');
    expect(read('textbox', 'x\u202ey')).to.contain('invisible characters');
    expect(read('textarea', 'x'.repeat(2001))).to.contain('2000 characters or fewer: it has 2001');
    expect(read('textarea', 'x\u0000')).to.contain('invisible characters');
    expect(read('dropdown', 'Neither')).to.equal(
      'Choose from what is offered for “A dropdown”: “Left”, “Right, mostly”, “Both”',
    );
    expect(read('dropdown', 'left')).to.contain('what is offered');
    expect(read('checkbox', 'true')).to.equal('Answer yes or no to “A checkbox”');
    expect(read('checkbox', true)).to.equal('Give one text for “A checkbox”');
    expect(read('yesno', 'maybe')).to.equal('Answer yes or no to “A yesno”');
    expect(read('checkboxlist', 'Left')).to.equal('Give a list of texts for “A checkboxlist”');
    expect(read('checkboxlist', ['Left', 7])).to.contain('list of texts');
    expect(read('checkboxlist', ['Left', 'Neither'])).to.contain('what is offered');
    expect(read('textbox', ['Left'])).to.equal('Give one text for “A textbox”');
    for (const address of ['javascript:alert(1)', 'letter.pdf', 'https://me:secret@files.example/'])
      expect(read('file', address), address).to.contain('web address');
  });

  it('names each required question that has no answer', () => {
    const result = readAnswers(asked(true), [{ fieldId: idOf('checkbox'), value: 'no' }]);
    expect(result.ok ? [] : result.errors).to.deep.equal([
      { path: 'answers.1', message: 'Enter an answer to “A textbox”' },
      { path: 'answers.2', message: 'Enter an answer to “A textarea”' },
      { path: 'answers.3', message: 'Choose an answer to “A dropdown”' },
      { path: 'answers.4', message: 'Tick “A checkbox”: it is required' },
      { path: 'answers.5', message: 'Choose at least one answer to “A checkboxlist”' },
      { path: 'answers.6', message: 'Answer yes or no to “A yesno”' },
      { path: 'answers.7', message: 'Enter an answer to “A address”' },
      {
        path: 'answers.8',
        message: 'Give the web address of “A file”, or “later” to upload it to the booking afterwards',
      },
    ]);
  });

  it('counts whitespace as no answer', () => {
    for (const blank of ['', '  ', null, undefined, []]) {
      expect(read('textbox', blank)).to.equal(null);
      expect(read('textbox', blank, true)).to.contain('Enter an answer');
    }
  });

  it('refuses answers to unknown questions, and two answers to one', () => {
    const twice = { fieldId: 1, value: 'Left' };
    const result = readAnswers(asked(), [twice, { fieldId: 99, value: 'x' }, twice]);
    expect(result.ok ? [] : result.errors).to.deep.equal([
      { path: 'answers.99', message: 'This question is not asked: leave it out' },
      { path: 'answers.1', message: 'This question is answered twice' },
    ]);
  });

  it('shortens a long question in its message', () => {
    const forms = questionForms(
      [aForm({ fields: [aField({ name: 'x'.repeat(300), required: true })] })],
      8001,
      new Set(),
    );
    const result = readAnswers(forms, []);
    expect(result.ok ? '' : result.errors[0]?.message).to.have.length.below(130);
  });

  it('never throws, and accepts nothing that is not offered', async () => {
    await assertAlways(
      'questions/answers',
      fc.property(fc.anything(), fc.constantFrom(...acuityFieldTypes), (value, type) => {
        const result = readAnswers(asked(), [{ fieldId: idOf(type), value }]);
        const answer = result.ok ? result.value[0]?.value : undefined;
        if (answer === undefined) return;
        if (type === 'checkboxlist') expect(options).to.include.members(answer as string[]);
        if (type === 'dropdown') expect(options).to.include(answer);
      }),
    );
  });
});
