// npm run reconcile, in one process. That it ends by itself is tested with the image.
import { expect } from 'chai';
import { openCommandProcess, type CommandProcess } from '../support/command-process.ts';
import { openImportStack, type ImportStack } from '../support/import-stack.ts';

describe('npm run reconcile', function () {
  this.timeout(120_000);
  let stack: ImportStack;
  let commands: CommandProcess;
  before(async () => {
    stack = await openImportStack();
    commands = openCommandProcess(stack.app.env);
  });
  after(async () => {
    await commands.close();
    await stack.close();
  });

  async function reconcile(...args: string[]): Promise<string> {
    const { code, said } = await commands.run('src/commands/reconcile.ts', args);
    expect(code, said).to.equal(0);
    return said;
  }

  it('prints each difference with its kind, its appointment and its calendar', async () => {
    const id = await stack.appointmentIn(-5, { calendarID: 7003 });
    await stack.app
      .db('specialists')
      .where({ acuity_calendar_id: 7003 })
      .update({ acuity_calendar_id: 7999 });
    const where = 'No specialist of ours has calendar 7003';
    const looked = await reconcile();
    expect(looked).to.contain(': 1 difference, 0 repaired\n');
    expect(looked).to.contain(`appointment ${id}: missing here. ${where}`);
    expect(looked).to.contain('Repair them with: npm run reconcile -- --fix');
    const fixed = await reconcile('--fix');
    expect(fixed).to.contain(`appointment ${id}: missing here, needs a decision. ${where}`);
    expect(fixed).to.contain('1 needs a decision');
  });
});
