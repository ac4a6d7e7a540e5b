import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { startTestApp, type TestApp } from '../support/app.ts';
import { processEnv } from '../support/process-env.ts';
import { createVisitor } from '../support/visitor.ts';
import { testSecret } from '../support/session.ts';

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, '../..');

interface Ran {
  code: number;
  out: string;
}

describe('npm run create-admin', () => {
  let app: TestApp;
  before(async () => {
    app = await startTestApp();
  });
  after(() => app.close());

  async function createAdmin(args: string[], env: Record<string, string> = {}): Promise<Ran> {
    const variables = {
      ...processEnv,
      NODE_ENV: 'production',
      DATABASE_URL: app.database.url,
      BASE_URL: app.url,
      BETTER_AUTH_SECRET: testSecret,
      ...env,
    };
    try {
      const { stdout } = await run(process.execPath, ['src/commands/create-admin.ts', ...args], {
        cwd: root,
        env: variables,
      });
      return { code: 0, out: stdout };
    } catch (error) {
      const { code, stderr } = error as { code: number; stderr: string };
      return { code, out: stderr };
    }
  }

  it('prints the link with which the first admin signs up and sets up two-step sign-in', async () => {
    const { code, out } = await createAdmin(['--email', 'Grace@agency.example', '--name', 'Grace Hopper']);
    expect(code, out).to.equal(0);
    const link = /http\S+\/account\/invitation\/\S+/.exec(out)?.[0] ?? '';
    const grace = createVisitor(app.url);
    const page = await grace.get(new URL(link).pathname);
    expect(page.attribute('#name', 'value')).to.equal('Grace Hopper');
    const inside = await grace.post(new URL(link).pathname, {
      name: 'Grace Hopper',
      password: 'teapot granite violin',
    });
    expect(inside.at).to.equal('/account/two-factor');
    const row: unknown = await app.db('users').where({ email: 'grace@agency.example' }).first('role');
    expect(row).to.deep.equal({ role: 'admin' });
  });

  it('refuses when there is an admin already, unless --another is given', async () => {
    const second = await createAdmin(['--email', 'second@agency.example']);
    expect(second.code).to.equal(1);
    expect(second.out).to.contain('There is an administrator already');
    expect((await createAdmin(['--email', 'second@agency.example', '--another'])).code).to.equal(0);
  });

  it('explains what is wrong with its arguments', async () => {
    expect((await createAdmin([])).out).to.contain('examdesk create-admin --email');
    expect((await createAdmin(['--email', 'nonsense', '--another'])).out).to.contain('like name@example.com');
    expect((await createAdmin(['--email', 'ada@examdesk.example', '--another'])).out).to.contain('demo');
    expect((await createAdmin(['--email', 'x@y.example', '--another'], { BASE_URL: '' })).out).to.contain(
      'BASE_URL',
    );
  });
});
