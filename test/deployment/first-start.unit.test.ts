// The files that docs/first-start.md tells operators to copy fit the product.
import { randomBytes } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseEnv } from 'node:util';
import { expect } from 'chai';
import { configVariables, readConfig, stopTimes } from '../../src/config.ts';
import { readComposeFile } from '../support/compose-file.ts';
import { commandsOf, readImagePlan } from '../support/image.ts';
import { specialCharacterEnv } from '../support/special-character-env.ts';

const root = path.resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

const page = read('docs/first-start.md');
const blocks = [...page.matchAll(/```sh\n([^`]+)```/g)].map(([, block = '']) => block);
const withKey = (name: string) => blocks.find((block) => block.startsWith(`${name}=`)) ?? '';
const filled = (block: string) => parseEnv(block.replaceAll('…', () => randomBytes(32).toString('hex')));
const plan = readImagePlan();

describe('docs/first-start.md', () => {
  it('gives the processes a complete configuration, and nothing that is not read', () => {
    const env = filled(withKey('NODE_ENV'));
    expect(env.NODE_ENV).to.equal('production');
    expect(configVariables).to.include.members(Object.keys(env));
    expect(() => readConfig(env)).not.to.throw();
    expect(() => readConfig({ ...env, ...filled(withKey('MIGRATION_DATABASE_URL')) })).not.to.throw();
  });

  it('writes values so that node --env-file, systemd and a shell read them alike', () => {
    for (const block of [withKey('NODE_ENV'), withKey('MIGRATION_DATABASE_URL')])
      expect(
        block
          .trimEnd()
          .split('\n')
          .filter((line) => !/^(#.*|[A-Z_0-9]+='[^'\\]*')$/.test(line)),
      ).to.deep.equal([]);
  });

  it('names commands that exist, each with a file of its name', () => {
    for (const [name, file] of commandsOf(plan))
      if (name !== 'dev') expect(file).to.equal(`src/commands/${name.replace(':', '-')}.ts`);
    const named = [...page.matchAll(/(?:^|`)examdesk ([a-z:-]+)/gm)].map(([, name = '']) => name);
    expect(named).to.include.members(['create-admin', 'acuity:connect', 'doctor']);
    expect([...commandsOf(plan).keys()]).to.include.members(named);
    const files = [...page.matchAll(/src\/commands\/[a-z-]+\.ts/g)].map(([file]) => file);
    expect([...plan.files.keys()]).to.include.members(files);
  });
});

describe('docs/systemd', () => {
  it('starts the web process with the options of the image, as npm start and docker-compose.yml do', () => {
    const unit = parseUnit(read('docs/systemd/examdesk-web@.service'));
    expect(unit.ExecStart).to.equal(`/usr/bin/${plan.command.join(' ')}`);
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    expect(scripts.start).to.equal([...plan.command.slice(0, -1), 'src/commands/start.ts'].join(' '));
    // Whatever it gives no command, Docker starts with the image's.
    expect(readComposeFile(specialCharacterEnv()).services.web).not.to.have.property('command');
  });

  for (const name of readdirSync(path.join(root, 'docs/systemd')).filter((file) =>
    file.endsWith('.service'),
  )) {
    it(`starts an existing process, and gives it time to stop: ${name}`, () => {
      const unit = parseUnit(read(`docs/systemd/${name}`));
      expect(unit.ExecStart).to.match(/^\/usr\/bin\/node (--\S+ )*src\/\w+\.ts$/);
      expect(plan.files.has(unit.ExecStart?.split(' ').at(-1) ?? ''), unit.ExecStart).to.equal(true);
      // As the image does: the process finds everything compiled.
      expect(unit.ExecStartPre).to.equal(`-/usr/bin/${plan.compile}`);
      const kept = `Environment=NODE_COMPILE_CACHE=/var/cache/${unit.CacheDirectory}\n`;
      expect(read(`docs/systemd/${name}`)).to.contain(kept);
      expect(page).to.contain(unit.EnvironmentFile).and.to.contain(unit.WorkingDirectory);
      const { graceMs, timeoutMs } = stopTimes(readConfig(filled(withKey('NODE_ENV'))));
      expect(Number(unit.TimeoutStopSec) * 1_000).to.be.above(graceMs + timeoutMs + 5_000);
    });
  }
});

describe('examdesk, as docs/first-start.md installs it', () => {
  const bin = mkdtempSync(path.join(os.tmpdir(), 'examdesk-bin-'));
  after(() => rmSync(bin, { recursive: true }));

  function examdesk(script: string, version: string, ...args: string[]) {
    writeFileSync(path.join(bin, 'node'), `#!/bin/sh\necho ${version}\n`);
    chmodSync(path.join(bin, 'node'), 0o755);
    const { status, stderr } = spawnSync('sh', [path.join(root, script), ...args], {
      env: { PATH: `${bin}:${process.env.PATH}` },
      encoding: 'utf8',
    });
    return { status, said: stderr };
  }

  it('links scripts that exist', () => {
    const linked = [...page.matchAll(/ln -sf? "?(\S+?)"? \/usr\/local\/bin\/examdesk/g)].map(
      ([, file = '']) => file.replace(/^(\$PWD|\/opt\/examdesk\/current)\//, ''),
    );
    expect(linked).to.deep.equal(['docker/examdesk.sh', 'docs/systemd/examdesk']);
    for (const file of linked) expect(existsSync(path.join(root, file)), file).to.equal(true);
  });

  it('says how it is used when no command is named', () => {
    for (const script of ['docker/examdesk.sh', 'docs/systemd/examdesk'])
      expect(examdesk(script, 'v24.1.0')).to.deep.equal({
        status: 2,
        said: 'Use: examdesk NAME …, like: examdesk doctor\n',
      });
  });

  it('refuses a Node that is too old', () => {
    const { status, said } = examdesk('docs/systemd/examdesk', 'v20.20.2', 'doctor');
    expect(said).to.equal('Examdesk needs Node 24 or newer; this machine has: v20.20.2\n');
    expect(status).to.equal(1);
    expect(examdesk('docs/systemd/examdesk', 'v24.0.0', 'doctr').said).to.contain(
      'There is no command doctr',
    );
  });
});

function parseUnit(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => /^\w+=/.test(line));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}
