// npm run doctor as operators start it: beside the system, with its variables or without any.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import type { DoctorReport } from '../../src/doctor/index.ts';
import {
  completeSetUp,
  openClosedMailServer,
  openDoctorStack,
  type DoctorStack,
} from '../support/doctor-stack.ts';
import { runCommand, unset } from '../support/stack.ts';

describe('npm run doctor', function () {
  this.timeout(60_000);
  let stack: DoctorStack;
  let dataDir: string;
  before(async () => {
    stack = await openDoctorStack();
    dataDir = mkdtempSync(path.join(os.tmpdir(), 'examdesk-doctor-'));
    await completeSetUp(stack);
  });
  after(async () => {
    await stack.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const run = async (variables: Record<string, string>, ...args: string[]) => {
    const command = runCommand('src/commands/doctor.ts', { ...unset, DATA_DIR: dataDir, ...variables }, args);
    const { code } = await command.ended;
    return { code, said: command.output() };
  };

  it('ends with 0 when there are warnings only, as the role of the app', async () => {
    const { code, said } = await run(stack.env);
    expect(said).to.match(/^ok {7}Database: PostgreSQL/m);
    expect(said).to.match(/^warning {2}Acuity’s own e-mails: Check by hand/m);
    expect(said).not.to.match(/^wrong/m);
    expect(code, said).to.equal(0);
  });

  it('ends with 1 when something is wrong, and shows how to mend it and no secret', async () => {
    const closed = await openClosedMailServer();
    const { code, said } = await run({ ...stack.env, SMTP_URL: closed.url, LOG_LEVEL: 'trace' });
    await closed.close();
    expect(said).to.match(
      /^wrong {4}Mail server: The mail server refuses our login: EAUTH 535\n {9}.+\n {9}→ Check/m,
    );
    for (const secret of ['not-the-password', stack.env.BETTER_AUTH_SECRET, stack.env.ACUITY_API_KEY])
      expect(said).not.to.contain(secret);
    expect(code).to.equal(1);
  });

  it('prints one JSON document with --json, whatever the level of the log', async () => {
    const { code, said } = await run({ ...stack.env, LOG_LEVEL: 'trace' }, '--json');
    const report = JSON.parse(said) as DoctorReport;
    const wrong = report.checks.flatMap(({ lines }) => lines.filter(({ state }) => state === 'wrong'));
    expect(wrong).to.deep.equal([]);
    expect(report.state).to.equal('warning');
    expect(report.checks.find(({ id }) => id === 'migrations')?.lines).to.deep.equal([
      { state: 'ok', says: 'All migrations are applied' },
    ]);
    expect(code).to.equal(0);
  });

  it('names both the demo and examdesk when nothing is set', async () => {
    const { code, said } = await run({ NODE_ENV: 'development' });
    expect(said).to.match(/^wrong {4}Examdesk: Neither a demo nor a configured system is here/);
    expect(said).to.contain('The demo: npm start').and.to.contain('A production system: examdesk doctor');
    expect(code).to.equal(1);
  });

  it('names each variable that is missing in production', async () => {
    const { code, said } = await run({ NODE_ENV: 'production' }, '--json');
    const [configuration] = (JSON.parse(said) as DoctorReport).checks;
    expect(configuration?.lines.map(({ says }) => says)).to.include.members([
      'DATABASE_URL: is missing',
      'ENCRYPTION_KEYS: is missing',
    ]);
    expect(code).to.equal(1);
  });

  it('ends with 2 for an option that it does not know', async () => {
    const { code, said } = await run(stack.env, '--fix');
    expect(said).to.match(/^Unknown option '--fix'/);
    expect(code).to.equal(2);
  });
});
