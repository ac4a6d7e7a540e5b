// npm run check: types, lint and unit tests at the same time, because each leaves a processor idle for half of its time.
// Prints the output of each when it ends. Exit code 1: one of them failed.
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

/** Scripts of package.json. */
const scripts = ['types', 'lint', 'test:unit'];

const startedAt = performance.now();
const results = await Promise.all(scripts.map(run));
if (!results.every(Boolean)) process.exitCode = 1;

/** @returns false when it failed */
async function run(script: string): Promise<boolean> {
  const child = spawn(process.execPath, ['--run', script], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(code === 0 ? 'passed' : `failed (${signal ?? code})`));
  });
  const [end, ...outputs] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  process.stdout.write(`${outputs.join('').trim()}\n${script}: ${end} after ${seconds} s\n\n`);
  return end === 'passed';
}
