// Needs the registry that npm is configured with.
import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { productionPackages } from '../support/image.ts';

const root = path.resolve(import.meta.dirname, '../..');

describe('npm ci --omit=dev', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'examdesk-packages-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('installs the packages that the tests of the image link', async () => {
    for (const file of ['package.json', 'package-lock.json'])
      copyFileSync(path.join(root, file), path.join(folder, file));
    await promisify(execFile)('npm', ['ci', '--omit=dev', '--no-audit', '--no-fund'], { cwd: folder });
    const installed = readFileSync(path.join(folder, 'node_modules/.package-lock.json'), 'utf8');
    const { packages } = JSON.parse(installed) as { packages: Record<string, { optional?: true }> };
    // Which optional packages npm installs depends on its Node version, here and in the checkout.
    const required = Object.keys(packages).filter((name) => !packages[name]?.optional);
    expect(required).to.have.length.above(500);
    expect(productionPackages().filter((name) => !packages[name]?.optional)).to.have.members(required);
  });
});
