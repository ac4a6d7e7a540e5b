import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { commandLine } from '../../src/lib/command-line.ts';

const source = path.resolve(import.meta.dirname, '../../src');
/** The demo, and what writes files of the repository: neither runs in production. */
const developmentOnly = /^(dev|simulator|db\/schema)[./]/;

describe('commandLine', () => {
  const { NODE_ENV } = process.env;
  afterEach(() => {
    process.env.NODE_ENV = NODE_ENV;
  });

  it('names examdesk in production, and npm elsewhere', () => {
    process.env.NODE_ENV = 'production';
    expect(commandLine('acuity:connect')).to.equal('examdesk acuity:connect');
    expect(commandLine('import', 'list')).to.equal('examdesk import list');
    process.env.NODE_ENV = 'test';
    expect(commandLine('acuity:connect')).to.equal('npm run acuity:connect');
    expect(commandLine('import', 'list')).to.equal('npm run import -- list');
  });

  it('is used by every hint of the product', () => {
    const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
      (file) => file.endsWith('.ts') && !developmentOnly.test(file) && file !== 'lib/command-line.ts',
    );
    expect(files.length).to.be.above(100);
    const named = files.flatMap((file) =>
      readFileSync(path.join(source, file), 'utf8')
        .split('\n')
        .filter((line) => /npm run (?!reset\b)/.test(line) && !/^\s*(\/\/|\*|\/\*\*)/.test(line))
        .map((line) => `${file}: ${line.trim()}`),
    );
    expect(named).to.deep.equal([]);
  });
});
