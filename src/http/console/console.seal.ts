// Words to look for in a list of the console, which may name somebody examined: the browser posts them, and the list's
// address carries them sealed for this person, as on /bookings.
import type { RequestHandler } from 'express';
import { z } from 'zod';
import { actorOf } from '../actor.ts';
import type { SealedSearch } from '../forms/sealed-search.ts';
import { parse } from '../problem.ts';

const someTexts = (longest: number) =>
  z
    .record(z.string().max(60), z.string().min(1, 'Give some words').max(longest, 'Use fewer words'))
    .refine((them) => Object.keys(them).length <= 30, 'That is more than a list has columns')
    .default({});

const seals = z.object({ words: someTexts(200), sealed: someTexts(1_000) });

/** Both ways: a filter that is opened again shows what was looked for. What cannot be opened is left out. */
export function sealWords(sealing: SealedSearch): RequestHandler {
  return (req, res) => {
    const { userId } = actorOf(req, res).viewer;
    const { words, sealed } = parse(seals, req.body ?? {});
    res.set('Cache-Control', 'no-store').json({
      sealed: mapped(words, (text) => sealing.seal(userId, text.trim())),
      words: mapped(sealed, (text) => sealing.open(userId, text)),
    });
  };
}

function mapped(texts: Record<string, string>, as: (text: string) => string | null): Record<string, string> {
  const pairs = Object.entries(texts).map(([name, text]) => [name, as(text)] as const);
  return Object.fromEntries(pairs.filter((pair): pair is [string, string] => pair[1] !== null));
}
