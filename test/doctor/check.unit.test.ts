import { expect } from 'chai';
import {
  codeOf,
  ok,
  runChecks,
  warning,
  worstOf,
  wrong,
  type Check,
  type Line,
} from '../../src/doctor/check.ts';

const check = (id: string, run: () => Promise<Line[]>): Check => ({ id, title: id, run });

describe('runChecks', () => {
  it('reports the other checks when one throws', async () => {
    const [bad, good] = await runChecks(
      [
        check('bad', () =>
          Promise.reject(Object.assign(new Error('postgres://user:secret@host'), { code: 'EBAD' })),
        ),
        check('good', async () => [ok('Well')]),
      ],
      1_000,
    );
    expect(bad?.lines[0]).to.include({ state: 'wrong', says: 'This could not be checked: EBAD' });
    expect(JSON.stringify(bad)).not.to.contain('secret');
    expect(good?.lines).to.deep.equal([{ state: 'ok', says: 'Well' }]);
  });

  it('reports the other checks when one never answers', async () => {
    const [late, good] = await runChecks(
      [check('late', () => new Promise(() => undefined)), check('good', async () => [ok('Well')])],
      20,
    );
    expect(late?.lines[0]?.says).to.equal('No answer within 0.02 seconds');
    expect(good?.lines[0]?.state).to.equal('ok');
  });

  it('runs all checks at once', async () => {
    let free = () => {};
    const gate = new Promise<void>((resolve) => {
      free = resolve;
    });
    const [first] = await runChecks(
      [
        check('waits', () => gate.then(() => [ok('Freed')])),
        check('frees', async () => {
          free();
          return [];
        }),
      ],
      1_000,
    );
    expect(first?.lines[0]?.says).to.equal('Freed');
  });
});

describe('worstOf', () => {
  it('is the worst state of all lines', () => {
    expect(worstOf([])).to.equal('ok');
    expect(worstOf([ok('a'), warning('b', 'c')])).to.equal('warning');
    expect(worstOf([wrong('d', 'e'), ok('a'), warning('b', 'c')])).to.equal('wrong');
  });
});

describe('codeOf', () => {
  it('is the code of an error or of its cause, and never a message', () => {
    expect(codeOf(Object.assign(new Error('x'), { code: 'ECONNREFUSED' }))).to.equal('ECONNREFUSED');
    const cause = Object.assign(new Error('x'), { code: 'ENOTFOUND' });
    expect(codeOf(new TypeError('fetch failed', { cause }))).to.equal('ENOTFOUND');
    expect(codeOf(new TypeError('a secret'))).to.equal('TypeError');
  });
});
