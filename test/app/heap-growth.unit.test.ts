// How far the heap then grows depends on when V8 collects: `npm run bench memory` weighs it.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { processEnv } from '../support/process-env.ts';

const source = path.resolve(import.meta.dirname, '../../src');

/** V8's tag of compiled code, which depends on its options, printed by a script. */
const tagAfter = (script: string, ...options: string[]): string =>
  execFileSync(
    process.execPath,
    [
      ...options,
      '--input-type=module',
      '--eval',
      `${script}; process.exitCode = 0; console.log((await import('node:v8')).cachedDataVersionTag())`,
    ],
    { env: processEnv, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  );

describe('the heap of a process', () => {
  it('may grow by half between collections, whatever memory the machine has', () => {
    // The configuration is missing: the process starts nothing.
    const started = tagAfter(
      `const { runProcess } = await import(${JSON.stringify(path.join(source, 'app/process.ts'))});
       await runProcess(async () => undefined)`,
    );
    expect(started).to.equal(tagAfter('', '--heap-growing-percent=50')).and.not.equal(tagAfter(''));
  });

  it('is limited in every process', () => {
    for (const entry of ['main.ts', 'worker.ts', 'relay-process.ts'])
      expect(readFileSync(path.join(source, entry), 'utf8'), entry).to.contain('await runProcess(');
  });
});
