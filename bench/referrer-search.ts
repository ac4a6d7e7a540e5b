// How long an admin waits while typing, with a million referrers: the slowest one of twenty searches, against a plain
// look-up of one person by e-mail address on the same connection.
import { startTestApp } from '../test/support/app.ts';
import { stopSharedPostgres } from '../test/support/postgres.ts';

const people = 1_000_000;
const rounds = 15;
const boundMs = 30;

const first = ['Rita', 'Zoë', 'Jonathan', 'Siobhán', 'Mehmet', 'Björn', 'Priya', 'Łukasz', 'Anaïs', 'Kwame'];
const last = [
  'Alvarez',
  'Müller',
  'Smythe',
  'O’Brien',
  'Yılmaz',
  'Sørensen',
  'Raman',
  'Nowak',
  'Lefèvre',
  'Mensah',
];
const queries = [
  'rita',
  'alvarez rita 4711',
  'alvarz',
  'zoe muller',
  'jonathon smyth',
  'siobhan obrien',
  'mehmet yilmaz',
  'p4242@firm',
  'firm 77',
  'lefevre anais',
  'nowak',
  'ritta alvares',
  'mensah kwame firm 12',
  'sorensen bjorn 99',
  'ra',
  'qqqq zzzz',
  'person 999999',
  'raman 31337',
  'j',
  'legal',
];

/** `ratio`: the 95th percentile of a search, divided by that of a look-up by e-mail address. */
export async function run(): Promise<{ name: string; ratio: number; detail: string }> {
  const app = await startTestApp();
  const { db } = app;
  try {
    await fill(db);
    const { impersonation } = app.system.services;
    for (const query of queries) await impersonation.search(query);
    const searches: number[] = [];
    const byQuery = new Map<string, number[]>();
    const lookUps: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      for (const query of queries) {
        const took = await timed(() => impersonation.search(query));
        searches.push(took);
        byQuery.set(query, [...(byQuery.get(query) ?? []), took]);
        const email = `p${round * 1_000 + 1}@firm${(round * 1_000 + 1) % 5_000}.example`;
        lookUps.push(await timed(() => db('users').where({ email }).first('id', 'name', 'email')));
      }
    }
    const p95 = percentile(searches, 0.95);
    const slowest = [...byQuery].map(([query, took]) => ({ query, ms: percentile(took, 0.5) }));
    slowest.sort((a, b) => b.ms - a.ms);
    const slow = slowest.slice(0, 4).map(({ query, ms }) => `“${query}” ${ms.toFixed(1)}`);
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

type Db = Awaited<ReturnType<typeof startTestApp>>['db'];

// The triggers would do row by row what one statement does here for all.
async function fill(db: Db): Promise<void> {
  await db.transaction(async (trx) => {
    await trx.raw('alter table users disable trigger user; alter table members disable trigger user');
    await trx.raw(
      `insert into organizations (id, name, slug, created_at)
       select gen_random_uuid(), 'Firm ' || n || ' Legal', 'bench-' || n, now() from generate_series(0, 4999) n`,
    );
    await trx.raw(
      `insert into users (id, name, email, email_verified, role)
       select gen_random_uuid(), (?::text[])[1 + n % 10] || ' ' || (?::text[])[1 + (n / 10) % 10] || ' ' || n,
              'p' || n || '@firm' || n % 5000 || '.example', true, 'referrer'
       from generate_series(1, ?::int) n`,
      [first, last, people],
    );
    await trx.raw(
      `insert into members (id, user_id, organization_id, role, created_at)
       select gen_random_uuid(), u.id, o.id, 'member', now()
       from users u join organizations o on o.slug = 'bench-' || split_part(split_part(u.email, '@firm', 2), '.', 1)
       where u.email like 'p%@firm%.example'`,
    );
    await trx.raw('alter table users enable trigger user; alter table members enable trigger user');
    await trx.raw(
      `insert into referrer_search (user_id, words)
       select u.id, lower(unaccent(concat_ws(' ', u.name, u.email, o.name)))
       from users u join members m on m.user_id = u.id join organizations o on o.id = m.organization_id
       where u.role = 'referrer' on conflict do nothing`,
    );
  });
  for (const table of ['users', 'members', 'organizations', 'referrer_search'])
    await db.raw(`vacuum analyze ${table}`);
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
