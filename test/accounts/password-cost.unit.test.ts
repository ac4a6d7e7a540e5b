// Tests hash passwords at a thousandth of the cost (test/support/setup.ts). This one looks at a process without setup.ts.
import { execFileSync } from 'node:child_process';
import { scryptSync } from 'node:crypto';
import path from 'node:path';
import { expect } from 'chai';
import { processEnv } from '../support/process-env.ts';

const internals = path.resolve(import.meta.dirname, '../../src/accounts/auth.internals.ts');

describe('hashPassword', () => {
  it('has scrypt work on 32 MB for each password', () => {
    const script = `import { hashPassword } from '${internals}'; process.stdout.write(await hashPassword('teapot'))`;
    const hash = execFileSync(process.execPath, ['--input-type=module', '-e', script], { env: processEnv });
    const [salt = '', key = ''] = hash.toString().split(':');
    const cost = { N: 16_384, r: 16, p: 1 };
    expect(key).to.equal(
      scryptSync('teapot', salt, 64, { ...cost, maxmem: 256 * cost.N * cost.r }).toString('hex'),
    );
  });
});
