import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseEnv } from 'node:util';
import { expect } from 'chai';
import { parse } from 'yaml';
import { configVariables, readConfig } from '../../src/config.ts';
import { demoDefaults } from '../../src/dev/demo-defaults.ts';
import { uploadCors } from '../../src/dev/s3-cors.ts';
import { pendingKey } from '../../src/documents/document.keys.ts';

const root = path.resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

interface Compose {
  services: Record<
    string,
    {
      image?: string;
      build?: string;
      command?: string[];
      environment?: Record<string, string>;
      depends_on?: Record<string, unknown>;
      volumes?: string[];
      ports?: string[];
      configs?: { source: string; target: string }[];
    }
  >;
  configs: Record<string, { file: string }>;
  volumes: Record<string, unknown>;
}

describe('docker-compose.yml', () => {
  const compose = parse(read('docker-compose.yml'), { merge: true }) as Compose;

  it('names the whole system: web, worker, PostgreSQL, Redis, an S3 server and a mail catcher', () => {
    expect(compose.services).to.include.keys('web', 'worker', 'postgres', 'redis', 's3', 'mail');
  });

  it('runs files that are there, and depends on services that are there', () => {
    for (const [name, service] of Object.entries(compose.services)) {
      if (service.build) expect(existsSync(path.join(root, service.command?.[1] ?? '')), name).to.equal(true);
      else expect(service.image, name).to.match(/^[a-z0-9/-]+:v?\d/);
      for (const other of Object.keys(service.depends_on ?? {}))
        expect(compose.services).to.have.property(other);
      for (const volume of service.volumes ?? [])
        expect(compose.volumes).to.have.property(volume.split(':')[0] ?? '');
    }
  });

  it('lets browsers send to the bucket, through the proxy alone', () => {
    const { web, s3, proxy, bucket } = compose.services;
    expect(s3?.ports, 'of the store').to.equal(undefined);
    expect(proxy?.ports).to.deep.equal(['127.0.0.1:8333:8333']);
    expect(web?.environment?.S3_BROWSER_ENDPOINT).to.equal('${S3_BROWSER_ENDPOINT:-http://localhost:8333}');
    expect(proxy?.environment?.BASE_URL).to.equal(web?.environment?.BASE_URL);
    for (const service of [s3, bucket]) {
      const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = service?.environment ?? {};
      expect(AWS_ACCESS_KEY_ID).to.equal(web?.environment?.S3_ACCESS_KEY_ID);
      expect(AWS_SECRET_ACCESS_KEY).to.equal(web?.environment?.S3_SECRET_ACCESS_KEY);
      expect(AWS_SECRET_ACCESS_KEY, 'no secret that everybody knows').to.equal('${S3_SECRET_ACCESS_KEY:?}');
    }
  });

  it('has the proxy admit what the bucket of the configuration is sent, and no more', () => {
    const { web, proxy } = compose.services;
    const [config] = proxy?.configs ?? [];
    const caddyfile = read(compose.configs[config?.source ?? '']?.file ?? '');
    const prefix = `/${web?.environment?.S3_BUCKET}/${pendingKey('')}`;
    expect(caddyfile.match(/^\s+path .*$/gm)?.map((line) => line.trim())).to.deep.equal([
      `path ${prefix}*`,
      `path ${prefix}*`,
    ]);
    const [rule] = uploadCors('');
    expect(caddyfile).to.contain(`Access-Control-Allow-Methods ${rule?.AllowedMethods.join(', ')}\n`);
    expect(caddyfile).to.contain(`Access-Control-Allow-Headers ${rule?.AllowedHeaders.join(', ')}\n`);
  });

  it('gives the web and the worker a whole configuration, and nothing that is not read', () => {
    for (const name of ['web', 'worker']) {
      const given = compose.services[name]?.environment ?? {};
      expect(configVariables).to.include.members(Object.keys(given));
      const filled = Object.fromEntries(
        Object.entries(given).map(([variable, value]) => [
          variable,
          value
            .replace(/\$\{(\w+):-([^}]*)\}/g, '$2')
            .replace(/\$\{BETTER_AUTH_SECRET:\?\}/, 'x'.repeat(32))
            .replace(/\$\{ENCRYPTION_KEYS:\?\}/, `k:${'a1'.repeat(32)}`)
            .replace(/\$\{ACUITY_BASE_URL:\?\}/, 'https://acuity.example')
            .replace(/\$\{\w+:\?\}/g, 'given'),
        ]),
      );
      expect(() => readConfig(filled), name).not.to.throw();
    }
  });
});

describe('docs/documents.md', () => {
  it('gives the CORS rule that the tests and the demo use', () => {
    const blocks = [...read('docs/documents.md').matchAll(/```json\n([^`]+)```/g)].map(
      ([, json = '']) => JSON.parse(json) as unknown,
    );
    expect(blocks).to.deep.include(uploadCors('https://examdesk.your-agency.example'));
  });
});

describe('.env.example', () => {
  const example = read('.env.example');
  const given = parseEnv(example);

  it('holds every variable of the configuration and of the demo', () => {
    const all = [...configVariables, ...Object.keys(demoDefaults), 'ACUITY_SIM_PORT', 'MAILBOX_PORT'];
    expect(Object.keys(given)).to.have.members([...new Set(all)]);
  });

  it('explains each', () => {
    const lines = example.split('\n');
    // A comment stands above a variable, or above the group that it belongs to.
    const unexplained = lines.filter(
      (line, index) => /^[A-Z_]+=/.test(line) && !/^(#|[A-Z_]+=)/.test(lines[index - 1] ?? ''),
    );
    expect(unexplained).to.deep.equal([]);
  });

  it('leaves every service to its stand-in, and gives away no secret', () => {
    const filled = Object.entries(given).filter(([, value]) => value !== '');
    expect(filled).to.deep.equal([['NODE_ENV', 'development']]);
  });
});

describe('.ci/run', () => {
  it('may be executed, and calls the command that the README names', () => {
    accessSync(path.join(root, '.ci/run'), constants.X_OK);
    expect(read('.ci/run')).to.contain('npm test').and.to.contain('npm ci');
    expect(read('README.md')).to.contain('npm test').and.to.contain('npm ci');
  });
});
