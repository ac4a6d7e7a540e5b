import { expect } from 'chai';
import { startTestApp, type TestApp } from '../support/app.ts';
import { openCommandProcess, type CommandProcess, type CommandRan } from '../support/command-process.ts';
import { createVisitor } from '../support/visitor.ts';
import { testSecret } from '../support/session.ts';
import { runCommand } from '../support/stack.ts';

describe('npm run create-admin', () => {
  let app: TestApp;
  let variables: Record<string, string>;
  let commands: CommandProcess;
  before(async () => {
    app = await startTestApp();
    variables = {
      NODE_ENV: 'production',
      DATABASE_URL: app.database.url,
      BASE_URL: app.url,
      BETTER_AUTH_SECRET: testSecret,
    };
    commands = openCommandProcess(variables);
  });
  after(async () => {
    await commands.close();
    await app.close();
  });

  const script = 'src/commands/create-admin.ts';
  const createAdmin = (...args: string[]) => commands.run(script, args);
  async function started(args: string[], env: Record<string, string> = {}): Promise<CommandRan> {
    const run = runCommand(script, { ...variables, ...env }, args);
    const { code } = await run.ended;
    return { code: code ?? 1, said: run.output() };
  }

  it('prints the link with which the first admin signs up and sets up two-step sign-in', async () => {
    const { code, said } = await started(['--email', 'Grace@agency.example', '--name', 'Grace Hopper']);
    expect(code, said).to.equal(0);
    const link = /http\S+\/account\/invitation\/\S+/.exec(said)?.[0] ?? '';
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
    const second = await createAdmin('--email', 'second@agency.example');
    expect(second.code).to.equal(1);
    expect(second.said).to.contain('There is an administrator already');
    expect((await createAdmin('--email', 'second@agency.example', '--another')).code).to.equal(0);
  });

  it('explains what is wrong with its arguments', async () => {
    expect((await createAdmin()).said).to.contain('examdesk create-admin --email');
    expect((await createAdmin('--email', 'nonsense', '--another')).said).to.contain('like name@example.com');
    expect((await createAdmin('--email', 'ada@examdesk.example', '--another')).said).to.contain('demo');
    expect((await started(['--email', 'x@y.example', '--another'], { BASE_URL: '' })).said).to.contain(
      'BASE_URL',
    );
  });
});
