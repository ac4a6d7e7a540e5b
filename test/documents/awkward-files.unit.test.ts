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
    const sampleFiles = Object.values(samples).flatMap((bytes) =>
      // As it is, and longer than the bytes that decide the kind.
      [bytes, Buffer.concat([bytes, Buffer.alloc(5_000, ' ')])].map((one) => ({ name: 'a', bytes: one })),
    );
    const cases = [...awkwardFiles, ...sampleFiles];
    await assertAlways(
      'documents/cut-files',
      fc.asyncProperty(
        fc.constantFrom(...cases),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 }),
        fc.option(fc.integer({ min: 1, max: 6_000 })),
        async ({ name, bytes }, shares, partBytes) => {
          const { extension } = cleanFileName(name);
          const ends = shares.map((share) => Math.floor(share * bytes.length)).sort((a, b) => a - b);
          const whole = await lookAtPieces([bytes], extension);
          const cut = await lookAtPieces(piecesOf(bytes, ends), extension, {}, partBytes);
          expect(cut.kind ?? cut.fault).to.equal(whole.kind ?? whole.fault);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
