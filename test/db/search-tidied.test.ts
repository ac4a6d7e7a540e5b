import { expect } from 'chai';
import { alike, tidyLine } from '../../src/lib/typed-text.ts';
import { readWords } from '../../src/db/search.ts';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';

describe('words of a search', () => {
  let database: TestDatabase;
  before(async () => {
    database = await openTestDatabase();
  });
  after(() => database.close());

  const wordsOf = (typed: string) => readWords(database.db, typed);

  // Bookings of earlier versions hold names that were not tidied, and nobody tidies what is typed into a search.
  for (const [kind, characters] of Object.entries(alike)) {
    it(`are the same for each ${kind} and for the plain one it is tidied to`, async () => {
      const isAlike = new RegExp(`[${characters}]`, 'v');
      const all = Array.from({ length: 0x1_0000 }, (_, code) => String.fromCharCode(code)).filter((one) =>
        isAlike.test(one),
      );
      expect(all).to.have.length.above(5);
      const different: string[] = [];
      for (const character of all) {
        const typed = `O${character}Brien`;
        const [raw, tidied] = await Promise.all([wordsOf(typed), wordsOf(tidyLine(typed))]);
        if (raw.join(' ') !== tidied.join(' '))
          different.push(`${character} (U+${character.charCodeAt(0).toString(16)}): ${raw.join(' ')}`);
      }
      expect(different).to.deep.equal([]);
    });
  }
});
