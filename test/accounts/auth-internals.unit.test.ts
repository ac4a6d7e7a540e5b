import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { betterAuthVersion } from '../../src/accounts/index.ts';

describe('auth.internals', () => {
  it('names the version of better-auth that is installed: read the file before you raise it', () => {
    const file = new URL('../../node_modules/better-auth/package.json', import.meta.url);
    const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
    expect(betterAuthVersion).to.equal(version);
  });
});
