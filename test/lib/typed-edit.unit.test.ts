import { expect } from 'chai';
import { z } from 'zod';
import { changedSince, readEdit } from '../../src/lib/typed-edit.ts';
import { blankAsNull, fieldErrors, typedBox, typedLine, typedWhole } from '../../src/lib/typed-input.ts';

describe('readEdit', () => {
  const schemas = {
    name: typedLine('Enter a name').min(2, 'Enter a name'),
    days: blankAsNull(typedWhole('Enter 1 to 365', 1, 365)),
    isActive: typedBox('Choose'),
  };
  const now = { name: 'X', days: 14 as number | null, isActive: true };

  it('leaves out what was not sent, and what is as it was however the form spells it', () => {
    for (const sent of [
      {},
      { name: undefined },
      { name: ' X\u200b', days: '14', isActive: 'true' },
      { name: 'X', days: 14, isActive: true },
    ])
      expect(readEdit(schemas, now, sent), JSON.stringify(sent)).to.deep.equal({ ok: true, value: {} });
  });

  it('parses what differs', () => {
    expect(readEdit(schemas, now, { name: ' Ada  Roe', days: '', isActive: 'false' })).to.deep.equal({
      ok: true,
      value: { name: 'Ada Roe', days: null, isActive: false },
    });
  });

  it('leaves out what is as it was once it is tidied', () => {
    const spelled = { ...now, name: 'Ada Roe' };
    expect(readEdit(schemas, spelled, { name: 'Ada\t Roe' })).to.deep.equal({ ok: true, value: {} });
  });

  it('refuses each field that differs and is wrong, but nothing that is older than its rule', () => {
    expect(readEdit(schemas, now, { name: 'X', days: '0', isActive: 'perhaps' })).to.deep.equal({
      ok: false,
      reason: 'invalid',
      errors: [
        { path: 'days', message: 'Enter 1 to 365' },
        { path: 'isActive', message: 'Choose' },
      ],
    });
    expect(readEdit(schemas, now, { name: 'Y' })).to.have.property('ok', false);
  });

  it('ignores what is no field', () => {
    expect(readEdit(schemas, now, { id: 'x', updatedAt: 'x' })).to.deep.equal({ ok: true, value: {} });
  });
});

describe('changedSince', () => {
  it('names the fields that are not as they were shown, as a form sends them', () => {
    const now = { name: 'Ada', place: null, isActive: true };
    expect(changedSince({ name: 'Ada', place: '', isActive: true }, now)).to.deep.equal([]);
    expect(changedSince({ name: 'Ida', place: 'Sydney' }, now)).to.deep.equal(['name', 'place', 'isActive']);
  });
});

describe('typedWhole', () => {
  it('reads numbers and digits, and nothing that Number() would call 0 or 1', () => {
    const whole = typedWhole('Enter a number', 0, 10, 'Too much');
    for (const sent of [7, '7', ' 7 ']) expect(whole.parse(sent)).to.equal(7);
    for (const sent of ['', ' ', null, true, [], {}, '1.5', 1.5, -1, '1e1', undefined, '0x1'])
      expect(whole.safeParse(sent).success, JSON.stringify(sent)).to.equal(false);
    expect(whole.safeParse('11').error?.issues[0]?.message).to.equal('Too much');
  });
});

describe('fieldErrors', () => {
  it('gives the first error of each field', () => {
    const schema = z.object({
      name: z.string().min(3, 'Too short').regex(/^a/, 'Wrong start'),
      days: z.int('A number'),
    });
    const { error } = schema.safeParse({ name: 'b', days: 'x' });
    expect(fieldErrors(error!)).to.deep.equal([
      { path: 'name', message: 'Too short' },
      { path: 'days', message: 'A number' },
    ]);
  });
});
