import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect } from 'chai';

const manifest = path.resolve(import.meta.dirname, '../../package.json');
const { scripts } = JSON.parse(readFileSync(manifest, 'utf8')) as { scripts: { postinstall: string } };
const named = ['index.js', 'index.d.ts', 'index.js.map', 'README.md', 'LICENSE.md', 'notice.md'];

describe('the postinstall of package.json', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'examdesk-pruned-'));
    mkdirSync(path.join(folder, 'node_modules/@scope/one'), { recursive: true });
    for (const name of named) writeFileSync(path.join(folder, 'node_modules/@scope/one', name), '');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** @param omit as npm tells its scripts */
  function install(omit: string) {
    const env = { PATH: process.env.PATH, npm_config_omit: omit };
    const { status, stderr } = spawnSync('sh', ['-c', scripts.postinstall], {
      cwd: folder,
      env,
      encoding: 'utf8',
    });
    expect(status, stderr).to.equal(0);
    return readdirSync(path.join(folder, 'node_modules/@scope/one'));
  }

  it('removes what nothing loads, and no licence, when development packages are omitted', () => {
    expect(install('dev')).to.have.members(['index.js', 'LICENSE.md', 'notice.md']);
  });

  it('removes nothing when development packages are installed', () => {
    expect(install('')).to.have.members(named);
  });
});
