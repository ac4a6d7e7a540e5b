import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { processEnv } from '../support/process-env.ts';

const source = path.resolve(import.meta.dirname, '../../src');

/** Keeps 200,000 objects for a while each, then exchanges all of them fifteen times. Prints the largest heap, in MB. */
const churn = `
  const { limitHeapGrowth } = await import(${JSON.stringify(path.join(source, 'app/process.ts'))});
  limitHeapGrowth();
  const entry = () => ({ at: performance.now(), text: ['a', 'b', { c: 1 }] });
  const kept = Array.from({ length: 200_000 }, entry);
  let largest = 0;
  for (let made = 0; made < 3_000_000; made += 1) {
    kept[made % kept.length] = entry();
    if (made % 1_000 === 0) largest = Math.max(largest, process.memoryUsage().heapUsed);
  }
  console.log(Math.round(largest / 1024 / 1024));`;

describe('the heap of a process', () => {
  it('is collected once it has grown by half, whatever the machine has', () => {
    const said = execFileSync(process.execPath, ['--input-type=module', '--eval', churn], {
      env: processEnv,
      encoding: 'utf8',
    });
    // 126 MB, and 15 of the modules. By V8's own rule 284 on a machine with 24 GB.
    expect(Number(said)).to.be.below(200);
  });

  it('is limited in every process', () => {
    for (const entry of ['main.ts', 'worker.ts', 'relay-process.ts'])
      expect(readFileSync(path.join(source, entry), 'utf8'), entry).to.contain('await runProcess(');
    expect(readFileSync(path.join(source, 'app/process.ts'), 'utf8')).to.match(
      /function runProcess\([^{]*\{\n\s+limitHeapGrowth\(\);/,
    );
  });
});
