// Seals search words, which may be an examinee's name: the browser posts them here, and the list's URL carries them
// sealed for this person, as on /bookings.
import type { RequestHandler } from 'express';
import { z } from 'zod';
import { actorOf } from '../actor.ts';
import type { SealedSearch } from '../forms/sealed-search.ts';
import { parse } from '../problem.ts';

const namedTexts = (longest: number) =>
  z
    .record(z.string().max(60), z.string().min(1, 'Enter at least one word').max(longest, 'Use fewer words'))
    .refine((texts) => Object.keys(texts).length <= 30, 'Send at most 30 texts')
    .default({});

const seals = z.object({ words: namedTexts(200), sealed: namedTexts(1_000) });

/** Seals `words` and unseals `sealed`, so that a filter can show what was searched for. Omits what cannot be unsealed. */
export function sealWords(sealing: SealedSearch): RequestHandler {
  return (req, res) => {
    const { userId } = actorOf(req, res).viewer;
    const { words, sealed } = parse(seals, req.body ?? {});
    res.set('Cache-Control', 'no-store').json({
      sealed: mapTexts(words, (text) => sealing.seal(userId, text.trim())),
      words: mapTexts(sealed, (text) => sealing.open(userId, text)),
    });
  };
}

function mapTexts(
  texts: Record<string, string>,
  as: (text: string) => string | null,
): Record<string, string> {
  const pairs = Object.entries(texts).map(([name, text]) => [name, as(text)] as const);
  return Object.fromEntries(pairs.filter((pair): pair is [string, string] => pair[1] !== null));
}
