// The command itself, as an operator runs it.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { openCommandProcess, type CommandProcess, type CommandRan } from '../support/command-process.ts';
import { openImportStack, type ImportStack } from '../support/import-stack.ts';
import { projectRoot, runCommand } from '../support/stack.ts';

describe('npm run import', () => {
  let stack: ImportStack;
  let commands: CommandProcess;
  const folder = mkdtempSync(path.join(tmpdir(), 'import-'));
  before(async () => {
    stack = await openImportStack();
    commands = openCommandProcess(stack.app.env);
  });
  after(async () => {
    await commands.close();
    await stack.close();
    rmSync(folder, { recursive: true });
  });

  const script = 'src/commands/import.ts';
  const command = (...args: string[]) => commands.run(script, args);
  async function started(...args: string[]): Promise<CommandRan> {
    const run = runCommand(script, stack.app.env, args);
    const { code } = await run.ended;
    return { code: code ?? 1, said: run.output() };
  }

  it('prints its usage, or what is wrong with the arguments', async () => {
    const bare = await started();
    expect(bare.code).to.equal(0);
    expect(bare.said).to.contain('npm run import -- people FILE.csv');
    for (const [args, says] of [
      [['everything'], 'There is no import of everything'],
      [['constructor'], 'There is no import of constructor'],
      [['people'], 'Name the CSV file'],
      [['acuity'], 'Say which days'],
      [['acuity', '--from', '2026-02-30', '--to', '2026-03-01'], '--from 2026-02-30 is not a day'],
      [['acuity', '--from', '2026-03-02', '--to', '2026-03-01'], 'is after --to'],
      [
        ['acuity', '--from', '2026-03-01', '--to', '2026-03-02', '--past', 'done'],
        '--past done is none of closed',
      ],
      [['undo', 'that'], 'Which import?'],
      [['people', 'x.csv', '--aply'], '--aply'],
    ] as const) {
      const { code, said } = await command(...args);
      expect(code, says).to.equal(2);
      expect(said).to.contain(says);
    }
    expect((await command('people', '/no/such.csv')).said).to.contain(
      `/no/such.csv cannot be read by the user ${userInfo().username} (ENOENT)`,
    );
    writeFileSync(path.join(folder, 'bad.csv'), 'name\nJo');
    const bad = await started('people', path.join(folder, 'bad.csv'));
    expect(bad.code).to.equal(1);
    expect(bad.said).to.equal('Line 1: the header lacks organisation. It has: name\n');
  });

  it('counts records, not rows, alike in a dry run, an import and the list', async () => {
    const file = path.join(folder, 'people.csv');
    writeFileSync(
      file,
      'organisation,email,name\nNew Firm,a@new.example,Ann Lee\nNew Firm,b@new.example,Bo Lee\nOther Firm,,\n',
    );
    const counted = ['2 organisations', '2 people'];
    expect((await command('people', file)).said).to.contain(
      '2 organisations would be made\n      2 people would',
    );
    const done = await command('people', file, '--apply');
    for (const words of counted) expect(done.said).to.contain(`${words} made`);
    expect((await command('list')).said).to.contain(`${counted.join(', ')} made, 0 changed`);
    const importId = /undo ([0-9a-f-]{36})/.exec(done.said)?.[1] ?? '';
    expect((await command('undo', importId)).said).to.contain('4 records taken back, 0 left');
  });

  it('names the whole path and the user when a file cannot be read or written', async () => {
    writeFileSync(path.join(folder, 'one.csv'), 'organisation\nNew Firm');
    const report = path.join(folder, 'no-such-folder', 'report.csv');
    const { code, said } = await command('people', path.join(folder, 'one.csv'), '--report', report);
    expect(code).to.equal(1);
    expect(said).to.contain(`${report} cannot be written by the user ${userInfo().username} (ENOENT)`);
    expect((await command('people', 'none.csv')).said).to.contain(path.join(projectRoot, 'none.csv'));
  });

  it('previews, imports, lists and takes back, and reports each', async () => {
    const id = await stack.appointmentIn(-5);
    await stack.appointmentIn(-6, { email: 'nobody@we.example', calendarID: 7003 });
    await stack.app
      .db('specialists')
      .where({ acuity_calendar_id: 7003 })
      .update({ acuity_calendar_id: 7999 });
    const report = path.join(folder, 'report.csv');
    const days = ['acuity', '--from', stack.day(-10), '--to', stack.day(0)];
    const looked = await command(...days, '--report', report);
    expect(looked.code, looked.said).to.equal(0);
    expect(looked.said).to.contain('1 booking would be made').and.contain('1 would be left');
    expect(looked.said).to.contain('no specialist has calendar 7003').and.contain('Do it with --apply');
    expect(readFileSync(report, 'utf8').split('\r\n')).to.have.length(4);
    expect(readFileSync(report, 'utf8')).to.contain(
      `made,,${id},,"rita@harbour-legal.example, Harbour Legal",payment_received`,
    );
    expect(`${looked.said}${readFileSync(report, 'utf8')}`, 'nobody examined').not.to.match(/Ewan|Marsh|412/);

    const done = await started(...days, '--apply');
    const importId = /undo ([0-9a-f-]{36})/.exec(done.said)?.[1] ?? '';
    expect(done.said).to.contain('1 booking made');
    const listed = await command('list');
    expect(listed.said).to.contain(importId).and.contain('acuity, done').and.contain('1 booking made');
    expect((await command('undo', importId)).said).to.contain('1 records taken back, 0 left');
    expect(await stack.booking(id)).to.equal(undefined);
    expect((await command('undo', '0190aaaa-0000-7000-8000-00000000000a')).code).to.equal(1);
  });
}).timeout(120_000);
