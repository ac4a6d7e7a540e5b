import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { readConfig, ConfigError } from '../../src/config.ts';
import { readVariables } from '../../src/lib/variables.ts';
import { assertAlways } from '../support/random.ts';

const address = 'postgres://examdesk_app@db.example:5432/examdesk';
const whole = {
  DATABASE_URL: address,
  BETTER_AUTH_SECRET: 'x'.repeat(32),
  SMTP_URL: 'smtp://mail.example:587',
  ACUITY_BASE_URL: 'https://acuity.example',
  ACUITY_USER_ID: '1',
  ACUITY_API_KEY: 'key',
};

describe('readVariables', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'examdesk-variables-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const file = (content: string): string => {
    const name = path.join(folder, 'secret');
    writeFileSync(name, content);
    return name;
  };

  it('treats an empty variable as unset', () => {
    expect(readVariables({ PORT: '', BASE_URL: 'x' }, [])).to.deep.equal({
      values: { BASE_URL: 'x' },
      problems: [],
    });
  });

  it('puts a password of any characters into the URL', async () => {
    await assertAlways(
      'deployment/passwords',
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (password) => {
        const { values, problems } = readVariables(
          { DATABASE_URL: address, DATABASE_PASSWORD: password },
          [],
        );
        const url = new URL(values.DATABASE_URL ?? '');
        expect(problems).to.deep.equal([]);
        expect(decodeURIComponent(url.password)).to.equal(password);
        url.password = '';
        expect(url.href).to.equal(address);
      }),
    );
  });

  it('returns values that can be read again as an environment', () => {
    const given = { ...whole, DATABASE_PASSWORD: 'a@b', SMTP_USER: 'me@x', ACUITY_API_KEY_FILE: file('k') };
    const once = readVariables({ ...given, ACUITY_API_KEY: '' }, ['ACUITY_API_KEY']);
    expect(readVariables(once.values, ['ACUITY_API_KEY'])).to.deep.equal(once);
  });

  for (const [ending, written] of [
    ['as it is', ' a$b\\'],
    ['without the line break at its end', ' a$b\\\n'],
    ['without the line break of Windows', ' a$b\\\r\n'],
  ] as const)
    it(`reads a file ${ending}`, () => {
      const { values } = readVariables({ SMTP_PASSWORD_FILE: file(written) }, ['SMTP_PASSWORD']);
      expect(readConfig({ ...whole, SMTP_PASSWORD_FILE: file(written) }).SMTP_URL).to.equal(
        'smtp://:%20a%24b%5C@mail.example:587',
      );
      expect(values).not.to.have.property('SMTP_PASSWORD_FILE');
    });

  it('ignores a variable that only looks like the file of one', () => {
    const env = { SSL_CERT_FILE: '/nowhere' };
    expect(readVariables(env, ['PORT'])).to.deep.equal({ values: env, problems: [] });
  });

  for (const [problem, env] of Object.entries({
    'ACUITY_API_KEY_FILE: cannot be read (ENOENT)': {
      ACUITY_API_KEY: '',
      ACUITY_API_KEY_FILE: '/nowhere/key',
    },
    'ACUITY_API_KEY_FILE: ACUITY_API_KEY is set too; keep one of them': {
      ACUITY_API_KEY_FILE: '/nowhere/key',
    },
    'DATABASE_PASSWORD: DATABASE_URL holds one already; keep one of them': {
      DATABASE_URL: 'postgres://app:secret@db/x',
      DATABASE_PASSWORD: 'another',
    },
    'REDIS_PASSWORD: needs REDIS_URL with a host': { REDIS_PASSWORD: 'secret' },
    'SMTP_USER: needs SMTP_URL with a host': { SMTP_URL: 'no address', SMTP_USER: 'me' },
  }))
    it(`reports: ${problem}`, () => {
      let failure: unknown;
      try {
        readConfig({ ...whole, ...env });
      } catch (error) {
        failure = error;
      }
      expect(failure).to.be.instanceOf(ConfigError);
      expect((failure as ConfigError).problems).to.include(problem);
      expect((failure as ConfigError).message)
        .not.to.contain('secret')
        .and.not.to.contain('another');
    });
});
