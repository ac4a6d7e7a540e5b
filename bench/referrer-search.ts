// How long an admin waits while typing, with a million referrers: the 95th percentile of many kinds of searches, against a plain
// look-up of one person by e-mail address on the same connection.
import { startTestApp } from '../test/support/app.ts';
import { fillReferrers } from './support/referrers.ts';
import { stopSharedPostgres } from '../test/support/postgres.ts';

const people = 1_000_000;
const rounds = 15;
const boundMs = 30;

/** As somebody with a telephone in the other hand types: by kind, each several times. */
const queries = {
  begun: ['r', 'ri', 'rita', 'smi', 'jon', 'mar', 'sol'],
  named: ['rita alvarez', 'james smith', 'mary jones', 'grace king', 'liam campbell', 'priya raman'],
  turned: ['alvarez rita', 'smith john', 'brown emma', 'nowak lukasz'],
  accents: [
    'zoe muller',
    'siobhán o’brien',
    'siobhan obrien',
    'mehmet yilmaz',
    'bjorn sorensen',
    'anais lefevre',
  ],
  typos: [
    'alvarz',
    'rita alvares',
    'jonathon smyth',
    'micheal thomson',
    'chalotte andersen',
    'smiht',
    'oliva williams',
  ],
  firm: [
    'smith legal',
    'rita smith legal',
    'nguyen insurance 3000',
    'legal',
    'taylor group',
    'sara taylor group',
  ],
  address: ['rita.alvarez', 'jsmith', 'rsmith4242', 'emma77', 'james.smith@smith'],
  nobody: ['qqqq zzzz', 'xylophone', 'rita 999999999', '4711 0815'],
};

/** `ratio`: the 95th percentile of a search, divided by that of a look-up by e-mail address. */
export async function run(): Promise<{ name: string; ratio: number; detail: string }> {
  const app = await startTestApp();
  const { db } = app;
  try {
    await fillReferrers(db, people);
    const { impersonation } = app.system.services;
    const all = Object.entries(queries).flatMap(([kind, some]) => some.map((query) => ({ kind, query })));
    for (const { query } of all) await impersonation.search(query);
    const searches: number[] = [];
    const byQuery = new Map<string, number[]>();
    const lookUps: number[] = [];
    const emails = await db('users')
      .where({ role: 'referrer' })
      .limit(rounds * all.length)
      .pluck('email');
    for (let round = 0; round < rounds; round += 1) {
      for (const { query } of all) {
        const took = await timed(() => impersonation.search(query));
        searches.push(took);
        byQuery.set(query, [...(byQuery.get(query) ?? []), took]);
        const email = emails[lookUps.length] as string;
        lookUps.push(await timed(() => db('users').where({ email }).first('id', 'name', 'email')));
      }
    }
    const p95 = percentile(searches, 0.95);
    const slowest = [...byQuery].map(([query, took]) => ({ query, ms: percentile(took, 0.5) }));
    slowest.sort((a, b) => b.ms - a.ms);
    const slow = slowest.slice(0, 5).map(({ query, ms }) => `“${query}” ${ms.toFixed(1)}`);
    return {
      name: `search among ${people.toLocaleString('en')} referrers, p95, against a look-up by e-mail address`,
      ratio: p95 / percentile(lookUps, 0.95),
      detail: `${p95.toFixed(1)} ms (${(p95 / boundMs).toFixed(2)} of the bound of ${boundMs} ms), median ${percentile(searches, 0.5).toFixed(1)} ms; slowest medians ${slow.join(', ')}`,
    };
  } finally {
    await app.close();
    await stopSharedPostgres();
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

function percentile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
