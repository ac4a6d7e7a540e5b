import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { examplesFolder, openKeptCases } from './support/kept-cases.ts';
import { assertAlways } from './support/random.ts';

describe('assertAlways', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'examples-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const numbers = fc.nat(1_000);
  const isSmall = fc.property(numbers, (number) => number < 10);
  const complaintOf = (run: Promise<void>) =>
    run.then(
      () => '',
      (error: unknown) => (error as Error).message,
    );

  it('keeps the smallest case that fails, and says where and how to run it again', async () => {
    const complaint = await complaintOf(assertAlways('lib/small', isSmall, {}, folder));
    expect(complaint).to.match(/This case again: FC_SEED=-?\d+ FC_PATH=[\d:]+ npm run test:one/);
    expect(complaint).to.contain('lib/small.json: commit it');
    expect(JSON.parse(readFileSync(path.join(folder, 'lib/small.json'), 'utf8'))).to.deep.equal([
      { case: [10] },
    ]);
  });

  it('tries kept cases first, and then as many random ones as ever', async () => {
    const kept = openKeptCases<[number]>('lib/small', folder);
    kept.add([77]);
    kept.add([78]);
    const tried: number[] = [];
    const all = fc.property(numbers, (number) => void tried.push(number));
    await assertAlways('lib/small', all, { numRuns: 5 }, folder);
    expect(tried.slice(0, 2)).to.deep.equal([77, 78]);
    expect(tried).to.have.length(7);
  });

  it('fails on a kept case alone, and keeps it once', async () => {
    openKeptCases<[number]>('lib/small', folder).add([77]);
    const without77 = fc.property(numbers, (number) => number !== 77);
    const complaint = await complaintOf(assertAlways('lib/small', without77, { numRuns: 1 }, folder));
    expect(complaint).to.contain('Counterexample: [77]').and.contain('It failed before: see');
    await complaintOf(
      assertAlways(
        'lib/small',
        fc.property(fc.constant(77), () => false),
        {},
        folder,
      ),
    );
    expect(openKeptCases('lib/small', folder).read()).to.deep.equal([[77]]);
  });

  it('keeps nothing when every case passes', async () => {
    await assertAlways(
      'lib/any',
      fc.property(numbers, () => true),
      {},
      folder,
    );
    expect(readdirSync(folder)).to.deep.equal([]);
  });
});

describe('openKeptCases', () => {
  it('reads every case back as it was', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'examples-'));
    const cases = [
      ['text', 1, null, { a: [true] }],
      ['\ud800', '\u0000', '\u2028'],
      [-0, Number.NaN, undefined],
      [new Date(0), new Date(Number.NaN), Buffer.from([0, 255])],
      [{ a: undefined }],
      [12n, new Map([['a', 1]])],
    ];
    try {
      const kept = openKeptCases<unknown[]>('lib/odd', folder);
      for (const one of [...cases, ...cases]) kept.add(one);
      expect(kept.read()).to.deep.equal(cases);
      const [entry] = JSON.parse(readFileSync(path.join(folder, 'lib/odd.json'), 'utf8')) as object[];
      expect(entry, 'as JSON where JSON can hold it').to.deep.equal({ case: cases[0] });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('kept cases', () => {
  it('belong to a random test that exists', () => {
    const tests = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.test.ts'))
      .map((file) => readFileSync(path.join(import.meta.dirname, file), 'utf8'))
      .join('\n');
    const kept = readdirSync(examplesFolder, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.json'),
    );
    const orphans = kept.filter((file) => !tests.includes(`'${file.slice(0, -'.json'.length)}',`));
    expect(orphans).to.deep.equal([]);
  });
});
