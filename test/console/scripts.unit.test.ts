// What is left out of AdminJS's scripts is none of its icons.
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { expect } from 'chai';
import { readScripts } from '../../src/http/console/console.scripts.ts';

describe('readScripts', () => {
  it('keeps every icon whole when it leaves out AdminJS’s drawings', async function () {
    this.timeout(60_000);
    const adminJs = createRequire(createRequire(import.meta.url).resolve('@adminjs/design-system'));
    const folder = path.join(path.dirname(adminJs.resolve('react-feather/package.json')), 'dist/icons');
    const served = String((await readScripts()).get('global.bundle.js')?.bytes);
    const lost = [];
    let lines = 0;
    for (const file of await readdir(folder))
      for (const [, line = ''] of (await readFile(path.join(folder, file), 'utf8')).matchAll(
        /\bd: "([^"]+)"/g,
      )) {
        lines += 1;
        if (!served.includes(line)) lost.push(file);
      }
    expect(lines).to.be.above(200);
    expect(lost).to.deep.equal([]);
  });
});
