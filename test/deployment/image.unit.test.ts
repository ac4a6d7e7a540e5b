// What the Dockerfile copies into the image is complete. test/deployment/image.test.ts runs it.
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { commandsOf, productionPackages, readImagePlan } from '../support/image.ts';

const root = path.resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const manifest = JSON.parse(read('package.json')) as {
  engines: { node: string };
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
};

describe('the image', () => {
  const plan = readImagePlan();
  const files = [...plan.files.keys()];
  const sources = files.filter((file) => file.endsWith('.ts'));
  /** The files that a file imports, statically or dynamically, without type imports. */
  const loadedBy = (file: string): string[] =>
    [
      ...read(file).matchAll(
        /^(?:import|export)\b(?! type)[^;']*?\bfrom '([^']+)'|^import '([^']+)'|\bimport(?:\.meta\.resolve)?\(\s*'([^']+)'/gm,
      ),
    ].map(([, from, alone, later]) => from ?? alone ?? later ?? '');

  it('contains what production runs, and neither the demo, the simulator, seeds nor tests', () => {
    expect(files).to.include.members([
      'src/main.ts',
      'src/worker.ts',
      'src/relay-process.ts',
      'src/commands/migrate.ts',
      'src/accounts/password-list.bin',
      'views/layouts/page.ejs',
      'public/css/base.css',
      'package.json',
      'package-lock.json',
    ]);
    const migrations = readdirSync(path.join(root, 'migrations')).map((name) => `migrations/${name}`);
    expect(files).to.include.members(migrations);
    const only = /^(package(-lock)?\.json|(migrations|public|views|src)\/.+)$/;
    expect(files.filter((file) => !only.test(file))).to.deep.equal([]);
    expect(files.filter((file) => /^src\/(dev|simulator)\//.test(file))).to.deep.equal([]);
  });

  it('contains every file that its files load, except the two that load the demo', () => {
    const missing = sources.flatMap((file) =>
      loadedBy(file)
        .filter((name) => name.startsWith('.'))
        .map((name) => path.posix.join(path.posix.dirname(file), name))
        .filter((target) => !plan.files.has(target))
        .map((target) => `${file} → ${target}`),
    );
    expect(missing).to.have.members([
      'src/commands/target-database.ts → src/dev/for-commands.ts',
      'src/commands/start.ts → src/dev/start.ts',
    ]);
  });

  it('loads only production dependencies of package.json', () => {
    const wanted = sources.flatMap((file) =>
      loadedBy(file)
        .filter((name) => !/^(\.|node:)/.test(name))
        .map((name) =>
          name
            .split('/')
            .slice(0, name.startsWith('@') ? 2 : 1)
            .join('/'),
        )
        .map((name) => ({ name, file })),
    );
    expect(wanted).to.have.length.above(50);
    const wrong = wanted.filter(({ name }) => !(name in manifest.dependencies));
    expect(wrong).to.deep.equal([]);
    expect(productionPackages()).to.include.members(
      Object.keys(manifest.dependencies).map((name) => `node_modules/${name}`),
    );
  });

  it('uses the Node version of the tests, and runs the web process unprivileged', () => {
    expect(plan.env).to.deep.equal({ NODE_ENV: 'production', NODE_COMPILE_CACHE: '/home/node/compiled' });
    expect([plan.command[0], plan.command.at(-1)]).to.deep.equal(['node', 'src/main.ts']);
    expect(plan.node).to.equal(Number(process.versions.node.split('.')[0]));
    expect(manifest.engines.node).to.equal(`>=${plan.node}`);
    expect(manifest.devDependencies.node).to.match(new RegExp(`^${plan.node}\\.`));
    const lines = read('Dockerfile').split('\n');
    const places = ['COPY src', 'USER node', `RUN ${plan.compile}`, 'CMD'].map((start) =>
      lines.findIndex((line) => line.startsWith(start)),
    );
    expect(places[0]).to.be.above(0);
    // The user who compiles is the one who runs: Node keeps compiled code for each apart.
    expect(places).to.deep.equal(places.toSorted((a, b) => a - b));
    expect(plan.files.has(plan.compile.replace('node ', '')), plan.compile).to.equal(true);
  });

  it('contains the commands that the README lists', () => {
    const commands = [...commandsOf(plan).keys()];
    expect(commands).to.include.members(['migrate', 'create-admin', 'doctor', 'relay', 'audit:verify']);
    const listed = [...read('README.md').matchAll(/`npm (?:run )?([a-z:-]+)/g)].map(([, name]) => name);
    expect(commands.filter((name) => !listed.includes(name))).to.deep.equal([]);
  });
});
