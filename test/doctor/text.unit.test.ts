import { expect } from 'chai';
import { textOf } from '../../src/commands/doctor.text.ts';
import { ok, warning, wrong } from '../../src/doctor/check.ts';

describe('the text of npm run doctor', () => {
  const at = new Date('2026-11-29T12:00:00Z');

  it('gives each line its state, and the costs and the way out of what is not ok', () => {
    const lines = [
      ok('Well', 'Nobody has to read this.'),
      warning('Slow', 'Pages wait.', { text: 'Look', page: '/admin/doctor' }),
      wrong('Gone', 'Nothing works.', { text: 'Do', command: 'npm run migrate' }),
    ];
    const checks = [{ id: 'redis', title: 'Redis', lines }];
    expect(textOf({ at, state: 'wrong', checks }, 'https://examdesk.example')).to.deep.equal([
      'ok       Redis: Well',
      'warning  Redis: Slow',
      '         Pages wait.',
      '         → Look: https://examdesk.example/admin/doctor',
      'wrong    Redis: Gone',
      '         Nothing works.',
      '         → Do: npm run migrate',
      '',
      '1 ok, 1 warning, 1 wrong.',
    ]);
  });

  it('sums up in one sentence when all is ok', () => {
    const checks = [{ id: 'a', title: 'A', lines: [ok('Well')] }];
    expect(textOf({ at, state: 'ok', checks }, '').at(-1)).to.equal('All 1 lines are ok.');
  });
});
