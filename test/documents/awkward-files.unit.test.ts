import { expect } from 'chai';
import fc from 'fast-check';
import { cleanFileName } from '../../src/documents/file-name.ts';
import { awkwardFiles } from '../support/builders/awkward-files.ts';
import { samples } from '../support/builders/files.ts';
import { lookAtPieces, piecesOf } from '../support/inspect-content.ts';
import { assertAlways } from '../support/random.ts';

describe('createInspection with files as people have them', () => {
  for (const { what, name, bytes, gives } of awkwardFiles) {
    it(`gives ${gives} for ${what}`, async () => {
      const seen = await lookAtPieces([bytes], cleanFileName(name).extension);
      expect(seen.kind ?? seen.fault).to.equal(gives);
    });
  }

  it('decides the same wherever the network cuts the bytes, through the form and directly', async () => {
    const files: Record<string, { name: string; bytes: Buffer }> = {};
    for (const file of awkwardFiles) files[file.what] = file;
    for (const [kind, bytes] of Object.entries(samples)) {
      files[kind] = { name: 'a', bytes };
      files[`${kind}, longer than the bytes that decide`] = {
        name: 'a',
        bytes: Buffer.concat([bytes, Buffer.alloc(5_000, ' ')]),
      };
    }
    await assertAlways(
      'documents/cut-files',
      fc.asyncProperty(
        fc.constantFrom(...Object.keys(files)),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 }),
        fc.option(fc.integer({ min: 500, max: 6_000 })),
        async (what, shares, partBytes) => {
          const { name, bytes } = files[what] ?? expect.fail(`No file is ${what}`);
          const { extension } = cleanFileName(name);
          const ends = shares.map((share) => Math.floor(share * bytes.length)).sort((a, b) => a - b);
          const whole = await lookAtPieces([bytes], extension);
          const cut = await lookAtPieces(piecesOf(bytes, ends), extension, {}, partBytes);
          expect(cut.kind ?? cut.fault).to.equal(whole.kind ?? whole.fault);
        },
      ),
      { numRuns: 500 },
    );
  });
});
