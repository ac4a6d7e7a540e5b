import { expect } from 'chai';
import { fieldsOf, questionForms } from '../../src/questions/question.ts';
import { aField, aForm } from '../support/builders/form.ts';

const none = new Set<number>();
const asked = (...args: Parameters<typeof questionForms>) =>
  questionForms(...args).flatMap((form) => form.questions.map((question) => question.fieldId));

describe('questionForms', () => {
  it('lists the forms of the appointment type in Acuity’s order', () => {
    const forms = [
      aForm({
        id: 2,
        name: 'Second',
        description: 'By id',
        fields: [aField({ id: 22 }), aField({ id: 21 })],
      }),
      aForm({ id: 3, appointmentTypeIds: [8002], fields: [aField({ id: 31 })] }),
      aForm({ id: 1, name: 'First', appointmentTypeIds: [8002, 8001], fields: [aField({ id: 11 })] }),
    ];
    expect(asked(forms, 8001, none)).to.deep.equal([22, 21, 11]);
    expect(questionForms(forms, 8001, none)[0]).to.deep.include({
      id: 2,
      name: 'Second',
      description: 'By id',
    });
    expect(asked(forms, 8003, none)).to.deep.equal([]);
  });

  it('leaves out our own details, and forms that have nothing else', () => {
    const forms = [
      aForm({ id: 1, fields: [aField({ id: 9101 })] }),
      aForm({ id: 2, fields: [aField({ id: 9102 }), aField({ id: 9301 })] }),
    ];
    const left = questionForms(forms, 8001, new Set([9101, 9102]));
    expect(left.map((form) => form.id)).to.deep.equal([2]);
    expect(asked(forms, 8001, new Set([9101, 9102]))).to.deep.equal([9301]);
  });

  it('leaves out internal forms', () => {
    expect(asked([aForm({ isInternal: true })], 8001, none)).to.deep.equal([]);
  });

  it('asks a field once when it is on two forms', () => {
    expect(asked([aForm({ id: 1 }), aForm({ id: 2 })], 8001, none)).to.deep.equal([9301]);
  });

  it('names the types as the API does', () => {
    const types = [
      'textbox',
      'textarea',
      'dropdown',
      'checkbox',
      'checkboxlist',
      'yesno',
      'address',
      'file',
    ] as const;
    const fields = types.map((type, index) => aField({ id: index + 1, type, options: ['One', 'Two'] }));
    const questions = questionForms([aForm({ fields })], 8001, none)[0]?.questions ?? [];
    expect(questions.map(({ type }) => type)).to.deep.equal(['text', ...types.slice(1)]);
    expect(questions.filter(({ options }) => options.length > 0).map(({ type }) => type)).to.deep.equal([
      'dropdown',
      'checkboxlist',
    ]);
  });

  it('asks for text when a list has no options', () => {
    const fields = [aField({ id: 1, type: 'dropdown' }), aField({ id: 2, type: 'checkboxlist' })];
    const questions = questionForms([aForm({ fields })], 8001, none)[0]?.questions ?? [];
    expect(questions.map(({ type }) => type)).to.deep.equal(['text', 'text']);
  });
});

describe('fieldsOf', () => {
  it('lists the fields of internal forms and of our own details too', () => {
    const forms = [
      aForm({ isInternal: true }),
      aForm({ appointmentTypeIds: [8002], fields: [aField({ id: 1 })] }),
    ];
    expect(fieldsOf(forms, 8001).map((field) => field.id)).to.deep.equal([9301]);
  });
});
