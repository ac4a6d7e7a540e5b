// Which words very many people share. PostgreSQL counts them for its planner, which cannot know that we want a few
// people only: read from its statistics, they cost nobody a counter that every new referrer would have to wait for.
import type { Queryable } from '../db/knex.ts';

const keptMs = 10 * 60_000;

export interface CommonLexemes {
  /** Of all referrers, from 0 to 1, those who have one of the lexemes; with `:*`, one that begins so. At most: some have several. */
  share(lexemes: string[]): Promise<number>;
}

export function createCommonLexemes(db: Queryable): CommonLexemes {
  let kept: { until: number; shares: Promise<[string, number][]> } | null = null;
  const read = () => {
    if (!kept || kept.until < performance.now()) {
      const mine = { until: performance.now() + keptMs, shares: readShares(db) };
      kept = mine;
      mine.shares.catch(() => {
        if (kept === mine) kept = null;
      });
    }
    return kept.shares;
  };
  return {
    async share(lexemes) {
      const shares = await read();
      return lexemes.reduce((sum, lexeme) => sum + shareOf(shares, lexeme), 0);
    },
  };
}

function shareOf(shares: [string, number][], lexeme: string): number {
  const isPrefix = lexeme.endsWith(':*');
  const wanted = isPrefix ? lexeme.slice(0, -2) : lexeme;
  return shares
    .filter(([word]) => (isPrefix ? word.startsWith(wanted) : word === wanted))
    .reduce((sum, [, share]) => sum + share, 0);
}

/** Empty before the first analyze: then there are few people. */
async function readShares(db: Queryable): Promise<[string, number][]> {
  // The array of shares ends with three that are not of a word.
  const { rows } = await db.raw<{ rows: { word: string; share: number }[] }>(
    `select word, share
     from pg_stats,
       unnest(most_common_elems::text::text[], most_common_elem_freqs) as common (word, share)
     where schemaname = current_schema() and tablename = 'referrer_search' and attname = 'lexemes' and word is not null`,
  );
  return rows.map(({ word, share }) => [word, share]);
}
