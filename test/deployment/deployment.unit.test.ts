import { execFileSync, spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseEnv } from 'node:util';
import type { LifecycleRule } from '@aws-sdk/client-s3';
import { expect } from 'chai';
import { lifecycleRules } from '../../src/adapters/s3-object-store.ts';
import { configVariables, givenVariables, readConfig } from '../../src/config.ts';
import { appRoleOf } from '../../src/db/privileges.ts';
import { demoDefaults } from '../../src/dev/demo-variables.ts';
import { uploadCors } from '../../src/dev/s3/cors.ts';
import { bucketLifecycle, pendingKey } from '../../src/documents/document.keys.ts';
import { paths } from '../../src/http/paths.ts';
import { specialCharacterEnv } from '../support/special-character-env.ts';
import { environmentOf, parseComposeEnv, readComposeFile } from '../support/compose-file.ts';
import { readImagePlan } from '../support/image.ts';

const root = path.resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

describe('docker-compose.yml', () => {
  const env = specialCharacterEnv();
  const compose = readComposeFile(env);
  const plan = readImagePlan();
  const processes = ['web', 'worker', 'relay'] as const;
  const given = (name: string) => environmentOf(compose.services[name] ?? {}, env);

  it('lists every service of the system', () => {
    const whole = ['web', 'worker', 'relay', 'migrate', 'postgres', 'roles', 'redis', 's3', 'bucket'];
    expect(compose.services).to.have.all.keys(...whole, 'proxy', 'clamd', 'backup', 'mail');
  });

  it('runs files that exist and pinned images, and depends on services that exist', () => {
    for (const [name, service] of Object.entries(compose.services)) {
      if (service.build)
        expect(existsSync(path.join(root, service.build, 'Dockerfile')), name).to.equal(true);
      else expect(service.image, name).to.match(/^[a-z0-9/-]+:v?\d+\.\d/);
      const command = service.command ?? plan.command;
      if (service.build === '.') expect(plan.files.has(command.at(-1) ?? ''), name).to.equal(true);
      for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
        const isOver = compose.services[other]?.restart === 'on-failure';
        if (condition === 'service_completed_successfully')
          expect(isOver, `${name} → ${other}`).to.equal(true);
        if (condition === 'service_healthy')
          expect(compose.services[other]?.healthcheck, other).to.be.an('object');
        expect(compose.services).to.have.property(other);
      }
      for (const volume of service.volumes ?? []) {
        const [from = ''] = volume.split(':');
        if (!from.startsWith('.')) expect(compose.volumes).to.have.property(from);
      }
      for (const { source } of service.configs ?? []) {
        const { file, content } = compose.configs[source] ?? {};
        expect(content ?? existsSync(path.join(root, file ?? '-'))).to.be.ok;
      }
    }
  });

  it('restarts every long-running service, checks its health, and publishes only the proxy', () => {
    for (const [name, { restart, healthcheck, ports, profiles, image }] of Object.entries(compose.services)) {
      if (restart !== 'on-failure') expect(restart, name).to.equal('unless-stopped');
      const isWatched = healthcheck !== undefined;
      if (restart !== 'on-failure' && !profiles) expect(isWatched, `health of ${name}`).to.equal(true);
      if (healthcheck) expect(healthcheck.test[0], name).to.be.oneOf(['CMD', 'CMD-SHELL']);
      if (name === 'proxy') expect(ports).to.deep.equal(['80:80', '443:443', '443:443/udp']);
      else expect(ports?.filter((port) => !port.startsWith('127.0.0.1:')) ?? [], image).to.deep.equal([]);
    }
  });

  it('checks the health of our processes with programs that are in the image', () => {
    for (const name of processes)
      expect(compose.services[name]?.healthcheck?.test.slice(0, 3)).to.deep.equal(['CMD', 'node', '-e']);
  });

  it('sets every variable of the configuration, or passes it on from .env', () => {
    // Only migrate changes the schema; the cache has no password; the others belong to the demo.
    const left = ['MIGRATION_DATABASE_URL', 'MIGRATION_DATABASE_PASSWORD', 'REDIS_PASSWORD', 'DATA_DIR'];
    const wanted = configVariables.filter((name) => ![...left, 'DEMO_ACCOUNTS'].includes(name));
    for (const name of processes) {
      const named = Object.keys(compose.services[name]?.environment ?? {});
      expect(
        named.filter((one) => !one.endsWith('_FILE')),
        name,
      ).to.have.members(wanted);
      const files = named.filter((one) => one.endsWith('_FILE')).map((one) => one.slice(0, -5));
      expect(configVariables, name).to.include.members(files);
    }
  });

  it('gives every process a complete configuration, whatever characters the secrets contain', () => {
    for (const name of processes) {
      const config = readConfig(given(name));
      expect(config, name).to.deep.include({
        ACUITY_API_KEY: [env.ACUITY_API_KEY],
        BETTER_AUTH_SECRET: [env.BETTER_AUTH_SECRET],
        S3_SECRET_ACCESS_KEY: env.S3_SECRET_ACCESS_KEY,
        METRICS_TOKEN: env.METRICS_TOKEN,
        S3_ENCRYPTION: 'AES256',
        TRUST_PROXY: '1',
        RELAY_TARGET_URL: 'http://web:3000/webhooks/acuity',
        RUN_RELAY: false,
      });
      expect(decodeURIComponent(new URL(config.DATABASE_URL).password)).to.equal(env.DATABASE_PASSWORD);
      expect(decodeURIComponent(new URL(config.SMTP_URL).username)).to.equal(env.SMTP_USER);
      expect(decodeURIComponent(new URL(config.SMTP_URL).password)).to.equal(env.SMTP_PASSWORD);
    }
  });

  it('accepts secrets of services from files, too', () => {
    const file = path.join(root, '.dockerignore');
    const fromFile = { ...given('web'), ACUITY_API_KEY: '', ACUITY_API_KEY_FILE: file };
    expect(readConfig(fromFile).ACUITY_API_KEY).to.deep.equal([read('.dockerignore').trimEnd()]);
    expect(compose.services.web?.volumes).to.deep.equal(['./secrets:/run/secrets:ro']);
  });

  it('passes on what .env sets in addition', () => {
    const more = {
      ...env,
      LOG_LEVEL: 'warn',
      UPLOAD_MAX_BYTES: '1000000',
      CLAMD_URL: '',
      S3_ENCRYPTION: 'none',
    };
    const config = readConfig(environmentOf(readComposeFile(more).services.web ?? {}, more));
    expect(config).to.include({ LOG_LEVEL: 'warn', UPLOAD_MAX_BYTES: 1_000_000, S3_ENCRYPTION: 'none' });
    expect(config.CLAMD_URL).to.equal(undefined);
    expect(readComposeFile(more).configs.clamd?.content).to.contain('StreamMaxLength 1000000\n');
  });

  for (const name of [
    'DATABASE_PASSWORD',
    'BETTER_AUTH_SECRET',
    'ENCRYPTION_KEYS',
    'S3_ENCRYPTION_KEY',
    'BASE_URL',
  ])
    it(`does not start without ${name}`, () => {
      expect(() => readComposeFile({ ...env, [name]: '' })).to.throw(name);
    });

  it('has two roles: the owner migrates, and the app never gets the owner’s password', () => {
    const migrating = givenVariables(given('migrate'));
    expect(appRoleOf(migrating.MIGRATION_DATABASE_URL ?? '', migrating.DATABASE_URL)).to.equal(
      'examdesk_app',
    );
    const roles = given('roles');
    const secrets = ['MIGRATION_DATABASE_PASSWORD', 'DATABASE_PASSWORD'] as const;
    for (const secret of secrets) expect(roles[secret]).to.equal(env[secret]);
    for (const name of processes) {
      expect(Object.values(given(name))).not.to.include(env.MIGRATION_DATABASE_PASSWORD);
      expect(Object.values(given(name))).not.to.include(env.POSTGRES_PASSWORD);
    }
  });

  it('scans files as large as the app accepts, and reports when something is too large', () => {
    const { UPLOAD_MAX_BYTES, CLAMD_URL } = readConfig(given('web'));
    const conf = (compose.configs.clamd?.content ?? '').split('\n');
    expect(conf).to.include.members([
      `StreamMaxLength ${UPLOAD_MAX_BYTES}`,
      `MaxFileSize ${UPLOAD_MAX_BYTES}`,
      'AlertExceedsMax yes',
      `TCPSocket ${new URL(CLAMD_URL ?? '').port}`,
    ]);
  });

  it('uses one key for the store, its bucket and the backup, and another one to encrypt', () => {
    const { S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY, S3_BUCKET, S3_ENDPOINT } = given('web');
    for (const name of ['s3', 'bucket', 'backup'])
      expect(given(name)).to.deep.include({
        AWS_ACCESS_KEY_ID: S3_ACCESS_KEY_ID,
        AWS_SECRET_ACCESS_KEY: S3_SECRET_ACCESS_KEY,
      });
    for (const name of ['bucket', 'backup'])
      expect(given(name)).to.deep.include({ S3_BUCKET, AWS_ENDPOINT_URL: S3_ENDPOINT });
    expect(given('s3').WEED_S3_SSE_KEY).to.equal(env.S3_ENCRYPTION_KEY);
  });

  it('lets browsers send to the bucket only what the app has signed', () => {
    const caddyfile = read(compose.configs[compose.services.proxy?.configs?.[0]?.source ?? '']?.file ?? '');
    const { S3_BUCKET, BASE_URL, S3_BROWSER_ENDPOINT } = given('web');
    expect(given('proxy')).to.deep.equal({ S3_BUCKET, BASE_URL, S3_BROWSER_ENDPOINT });
    const admitted = caddyfile.match(/^\s+path .*$/gm)?.map((line) => line.trim());
    const prefix = `/{$S3_BUCKET}/${pendingKey('')}`;
    expect(admitted).to.deep.equal([`path ${prefix}*`, `path ${prefix}*`]);
    const [rule] = uploadCors('');
    expect(caddyfile).to.contain(`Access-Control-Allow-Methods ${rule?.AllowedMethods.join(', ')}\n`);
    expect(caddyfile).to.contain(`Access-Control-Allow-Headers ${rule?.AllowedHeaders.join(', ')}\n`);
  });

  it('routes Acuity to the relay first, and the relay to web', () => {
    const caddyfile = read('docker/Caddyfile');
    expect(caddyfile).to.contain(`handle ${paths.relay()} {\n\t\treverse_proxy relay:3000 web:3000 {`);
    const { RELAY_TARGET_URL, PORT } = readConfig(given('relay'));
    expect(RELAY_TARGET_URL).to.equal(`http://web:${PORT}${paths.acuityWebhook()}`);
  });
});

describe('docker/make-env.sh', () => {
  const script = path.join(root, 'docker/make-env.sh');
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'examdesk-env-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('writes a file that only its owner can read, with other secrets each time', () => {
    const files = ['one', 'two'].map((name) => path.join(folder, name));
    for (const file of files) execFileSync('sh', [script, file]);
    const [one = {}, two = {}] = files.map((file) => parseComposeEnv(readFileSync(file, 'utf8')));
    expect(files.map((file) => statSync(file).mode & 0o077)).to.deep.equal([0, 0]);
    const secrets = Object.keys(one).filter((name) => one[name] !== two[name]);
    expect(secrets).to.have.members([
      'POSTGRES_PASSWORD',
      'MIGRATION_DATABASE_PASSWORD',
      'DATABASE_PASSWORD',
      'S3_SECRET_ACCESS_KEY',
      'S3_ENCRYPTION_KEY',
      'BETTER_AUTH_SECRET',
      'ENCRYPTION_KEYS',
      'METRICS_TOKEN',
    ]);
    for (const name of secrets) expect(one[name], name).to.match(/^(first:)?[0-9a-f]{64}$/);
  });

  it('writes what production accepts once its first part is filled in', () => {
    const file = path.join(folder, '.env');
    execFileSync('sh', [script, file]);
    const filled = {
      ...parseComposeEnv(readFileSync(file, 'utf8')),
      ACUITY_USER_ID: '11100001',
      ACUITY_API_KEY: 'a1b2c3d4e5f60718293a4b5c6d7e8f90',
    };
    const { web = {} } = readComposeFile(filled).services;
    expect(() => readConfig(environmentOf(web, filled))).not.to.throw();
  });

  it('leaves an existing file alone', () => {
    const file = path.join(folder, '.env');
    execFileSync('sh', [script, file]);
    const kept = readFileSync(file, 'utf8');
    expect(spawnSync('sh', [script, file]).status).to.equal(1);
    expect(readFileSync(file, 'utf8')).to.equal(kept);
  });
});

describe('docker/backup/backup.sh', () => {
  it('is a valid bash script', () => {
    execFileSync('bash', ['-n', path.join(root, 'docker/backup/backup.sh')]);
  });
});

describe('docs/documents.md', () => {
  const blocks = [...read('docs/documents.md').matchAll(/```json\n([^`]+)```/g)].map(
    ([, json = '']) => JSON.parse(json) as unknown,
  );

  it('gives the lifecycle rules that the doctor checks', () => {
    const rules = blocks.flatMap((block) => (block as { Rules?: LifecycleRule[] }).Rules ?? []);
    expect(lifecycleRules(rules)).to.deep.equal(bucketLifecycle);
  });

  it('gives the CORS rule that the tests and the demo use', () => {
    // As aws s3api put-bucket-cors takes it.
    expect(blocks).to.deep.include({ CORSRules: uploadCors('https://examdesk.your-agency.example') });
  });
});

describe('.env.example', () => {
  const example = read('.env.example');
  const given = parseEnv(example);

  it('holds every variable of the configuration and of the demo', () => {
    const all = [...configVariables, ...Object.keys(demoDefaults), 'ACUITY_SIM_PORT', 'MAILBOX_PORT'];
    expect(Object.keys(given)).to.have.members([...new Set(all)]);
  });

  it('explains each variable', () => {
    const lines = example.split('\n');
    // A comment is above a variable, or above the group that it belongs to.
    const unexplained = lines.filter(
      (line, index) => /^[A-Z_]+=/.test(line) && !/^(#|[A-Z_]+=)/.test(lines[index - 1] ?? ''),
    );
    expect(unexplained).to.deep.equal([]);
  });

  it('sets no service, and contains no secret', () => {
    const filled = Object.entries(given).filter(([, value]) => value !== '');
    expect(filled).to.deep.equal([['NODE_ENV', 'development']]);
  });
});

describe('.ci/run', () => {
  it('is executable, and calls the command that the README names', () => {
    accessSync(path.join(root, '.ci/run'), constants.X_OK);
    expect(read('.ci/run')).to.contain('npm test').and.to.contain('npm ci');
    expect(read('README.md')).to.contain('npm test').and.to.contain('npm ci');
  });
});
