// How long an admin waits for search results with a million referrers: the 95th percentile of many kinds of searches
// over HTTP, compared with a look-up of one person by e-mail address; and whether the expected person is first.
import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { startTestApp, type TestApp } from '../test/support/app.ts';
import { stopSharedPostgres } from '../test/support/postgres.ts';
import type { BenchResult } from './result.ts';
import { fillReferrers, theOne } from './support/referrers.ts';
import { percentile, timed } from './support/timed.ts';

const people = 1_000_000;
const rounds = 15;
const boundMs = 30;

/**
 * Searches as an admin types them during a call: by kind, several of each, with the expected first result where there
 * is one.
 */
const queries: Record<string, (string | [typed: string, first: string])[]> = {
  begun: ['r', 'ri', 'rita', 'smi', 'jon', 'mar', 'sol', ['barnab quillfeather', theOne]],
  named: [
    ['rita alvarez', 'Rita Alvarez'],
    ['james smith', 'James Smith'],
    ['mary jones', 'Mary Jones'],
    ['grace king', 'Grace King'],
    ['liam campbell', 'Liam Campbell'],
    ['priya raman', 'Priya Raman'],
  ],
  turned: [
    ['alvarez rita', 'Rita Alvarez'],
    ['smith john', 'John Smith'],
    ['brown emma', 'Emma Brown'],
    ['nowak lukasz', 'Łukasz Nowak'],
    ['quillfeather barnab', theOne],
  ],
  accents: [
    ['zoe muller', 'Zoë Müller'],
    ['siobhán o’brien', 'Siobhán O’Brien'],
    ['siobhan obrien', 'Siobhán O’Brien'],
    ['mehmet yilmaz', 'Mehmet Yılmaz'],
    ['bjorn sorensen', 'Björn Sørensen'],
    ['anais lefevre', 'Anaïs Lefèvre'],
  ],
  typos: [
    'alvarz',
    ['rita alvares', 'Rita Alvarez'],
    'jonathon smyth',
    'micheal thomson',
    ['chalotte andersen', 'Charlotte Anderson'],
    'smiht',
    ['oliva williams', 'Olivia Williams'],
    ['barnab quilfeather', theOne],
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
const all = Object.values(queries)
  .flat()
  .map((one) => (typeof one === 'string' ? { query: one, first: null } : { query: one[0], first: one[1] }));

/** `ratio`: the 95th percentile of a search divided by that of a look-up by e-mail address. */
export async function run(): Promise<BenchResult> {
  const app = await startTestApp();
  try {
    await fillReferrers(app.database.owner, people);
    const search = await signedIn(app);
    const wrong: string[] = [];
    for (const { query, first } of all) {
      const [found] = await search(query);
      if (first !== null && found?.name !== first)
        wrong.push(`“${query}” gives ${found?.name ?? 'nobody'}, not ${first}`);
    }
    const { searches, byQuery, lookUps } = await measure(app, search);
    const p95 = percentile(searches, 0.95);
    const slowest = [...byQuery].map(([query, took]) => ({ query, ms: percentile(took, 0.5) }));
    slowest.sort((a, b) => b.ms - a.ms);
    const slow = slowest.slice(0, 5).map(({ query, ms }) => `“${query}” ${ms.toFixed(1)}`);
    return {
      name: `search among ${people.toLocaleString('en')} referrers over HTTP, p95, against a look-up by e-mail address`,
      ratio: p95 / percentile(lookUps, 0.95),
      detail: `${p95.toFixed(1)} ms (${(p95 / boundMs).toFixed(2)} of the bound of ${boundMs} ms), median ${percentile(searches, 0.5).toFixed(1)} ms; slowest medians ${slow.join(', ')}`,
      failures: [...(p95 > boundMs ? [`slower than ${boundMs} ms`] : []), ...wrong],
    };
  } finally {
    await app.close();
    await stopSharedPostgres();
  }
}

type Search = (query: string) => Promise<{ name: string }[]>;

/** Over a keep-alive connection, as a browser does. */
async function signedIn(app: TestApp): Promise<Search> {
  const agent = await app.signIn('ada@examdesk.example');
  const cookie = agent.jar
    .getCookies({ domain: '127.0.0.1', path: '/', secure: false, script: false })
    .toValueString();
  const headers = { Cookie: cookie, Accept: 'application/json' };
  const kept = new Agent({ keepAlive: true, maxSockets: 1 });
  return async (query) => {
    const url = `${app.url}/admin/referrers/search?query=${encodeURIComponent(query)}`;
    const [answer] = (await once(get(url, { headers, agent: kept }), 'response')) as [IncomingMessage];
    if (answer.statusCode !== 200) throw new Error(`The search answered ${answer.statusCode}`);
    return ((await json(answer)) as { referrers: { name: string }[] }).referrers;
  };
}

async function measure({ db }: TestApp, search: Search) {
  const searches: number[] = [];
  const byQuery = new Map<string, number[]>();
  const lookUps: number[] = [];
  const emails = await db('users')
    .where({ role: 'referrer' })
    .limit(rounds * all.length)
    .pluck('email');
  for (let round = 0; round < rounds; round += 1) {
    for (const { query } of all) {
      const took = await timed(() => search(query));
      searches.push(took);
      byQuery.set(query, [...(byQuery.get(query) ?? []), took]);
      const email = emails[lookUps.length] ?? '';
      lookUps.push(await timed(() => db('users').where({ email }).first('id', 'name', 'email')));
    }
  }
  return { searches, byQuery, lookUps };
}
