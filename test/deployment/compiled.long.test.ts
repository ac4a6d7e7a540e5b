// Not among the tests of every run: it removes the types of every file, five seconds of processor time.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { processEnv } from '../support/process-env.ts';
import { readImagePlan } from '../support/image.ts';
import { projectRoot } from '../support/stack.ts';

describe('compile', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'examdesk-compiled-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  const plan = readImagePlan();
  const compile = plan.compile.split(' ').slice(1);
  const filesKept = () => readdirSync(folder, { recursive: true });
  const run = (args: string[], more: Record<string, string> = {}) =>
    spawnSync(process.execPath, args, {
      cwd: projectRoot,
      env: { ...processEnv, ...plan.env, NODE_COMPILE_CACHE: folder, ...more },
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    });

  it('lets every process find all that it loads at its start', () => {
    const { status, stderr: said } = run(compile);
    expect(status, said).to.equal(0);
    for (const entry of ['src/main.ts', 'src/worker.ts', 'src/relay-process.ts', 'src/commands/start.ts']) {
      const { stderr } = run([...plan.command.slice(1, -1), entry], { NODE_DEBUG_NATIVE: 'COMPILE_CACHE' });
      expect(stderr).to.contain('The configuration is not complete').and.contain('was accepted');
      const missed = stderr.split('\n').filter((line) => /no such file|was rejected/.test(line));
      expect(missed, entry).to.deep.equal([]);
    }
  });

  it('does nothing more for the same version', () => {
    const before = filesKept();
    const again = run(compile, { NODE_DEBUG_NATIVE: 'COMPILE_CACHE' });
    expect(again.stderr).to.contain('src/commands/compile.ts').and.not.contain('src/compose.ts');
    expect(filesKept()).to.have.members(before);
  });
});
