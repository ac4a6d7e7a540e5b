// Which words very many people share. PostgreSQL counts them for its planner: read from its statistics, they cost nobody
// a counter that every new referrer would have to wait for.
import type { Queryable } from '../db/knex.ts';

const keptMs = 10 * 60_000;

/** Lexemes, and of all referrers the share that has each, from 0 to 1; the commonest first. */
export type CommonLexemes = [lexeme: string, share: number][];

/** They change slowly: read anew every ten minutes. */
export function createCommonLexemes(db: Queryable): () => Promise<CommonLexemes> {
  let kept: { until: number; lexemes: Promise<CommonLexemes> } | null = null;
  return () => {
    if (!kept || kept.until < performance.now()) {
      const mine = { until: performance.now() + keptMs, lexemes: readCommon(db) };
      kept = mine;
      mine.lexemes.catch(() => {
        if (kept === mine) kept = null;
      });
    }
    return kept.lexemes;
  };
}

/** Empty before the first analyze: then there are few people. */
async function readCommon(db: Queryable): Promise<CommonLexemes> {
  // The shares end with some that are of no word.
  const { rows } = await db.raw<{ rows: { word: string; share: number }[] }>(
    `select word, share
     from pg_stats, unnest(most_common_elems::text::text[], most_common_elem_freqs) as common (word, share)
     where schemaname = current_schema() and tablename = 'referrer_search' and attname = 'lexemes'
       and word is not null
     order by share desc, word`,
  );
  return rows.map(({ word, share }) => [word, share]);
}
