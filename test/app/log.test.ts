import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';

const log = pathToFileURL(path.resolve('src/app/log.ts')).href;

function startProcess(lines: string) {
  const program = `import { logOutput } from '${log}'; const log = logOutput(); ${lines}`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  return Object.assign(child, { stdout: child.stdout as Readable });
}

describe('logOutput', () => {
  it('writes every line in order, also the last ones, when the process exits', async () => {
    const expected = Array.from({ length: 2_000 }, (_, index) => `line ${index}\n`).join('');
    const write = 'for (let index = 0; index < 2_000; index += 1) log.write(`line ${index}\\n`);';
    for (const [end, code] of [
      ['', 0],
      ['process.exit(3);', 3],
    ] as const) {
      const child = startProcess(`process.disconnect(); ${write} ${end}`);
      const [written, [exitCode]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
      expect(written === expected, `the lines before: ${end}`).to.equal(true);
      expect(exitCode).to.equal(code);
    }
  });

  it('lets the process go on when nobody reads its output any more', async () => {
    const child = startProcess(`
      process.on('message', () => {
        log.write('after the reader has gone\\n');
        setTimeout(() => {
          log.write('once more\\n');
          setTimeout(() => process.send('still here', () => process.disconnect()), 50);
        }, 50);
      });
      process.send('ready');`);
    await once(child, 'message');
    child.stdout.destroy();
    child.send('go on');
    const [message] = await once(child, 'message');
    expect(message).to.equal('still here');
    const [code] = await once(child, 'exit');
    expect(code).to.equal(0);
  });
});
