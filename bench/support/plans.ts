// The plans of the queries behind each request.
import pg from 'pg';
import type { Database } from '../../src/db/knex.ts';
import { PreparedBatch } from '../../src/db/prepared-batch.ts';
import type { TestApp } from '../../test/support/app.ts';
import { ask, type Visit } from './agency-visits.ts';

/** A sequential scan over fewer rows costs less than an index. */
const longTable = 10_000;

interface Asked {
  /** Of a prepared statement, which is planned for any values. */
  name?: string | undefined;
  text: string;
  values: readonly unknown[];
}

export interface Plans {
  name: string;
  plan: string;
  /** The long tables that are read from beginning to end. */
  scans: string[];
  replanned: string[];
}

/** Of each request, the plans of its queries. */
export async function plansOf(app: TestApp, visits: Record<string, Visit>): Promise<Plans[]> {
  const planner = new pg.Client({ connectionString: app.database.ownerUrl });
  await planner.connect();
  // As the app's connections: see openDatabase.
  await planner.query('set max_parallel_workers_per_gather = 0');
  try {
    return await plansBy(planner, app, visits);
  } finally {
    await planner.end();
  }
}

async function plansBy(planner: pg.Client, app: TestApp, visits: Record<string, Visit>): Promise<Plans[]> {
  const plans: Plans[] = [];
  for (const [name, visit] of Object.entries(visits)) {
    const queries = (await queriesOf(() => ask(app, visit))).filter(({ text: sql }) =>
      /^\s*(select|with)\b/i.test(sql),
    );
    const plan: string[] = [];
    const replanned: string[] = [];
    for (const query of queries) {
      plan.push(query.text, await planOf(planner, query), '');
      if (query.name && (await isReplanned(planner, query)))
        replanned.push(`${query.name}: planned anew at each execution`);
    }
    plans.push({
      name,
      plan: plan.join('\n'),
      scans: await longScansIn(app.database.owner, plan),
      replanned,
    });
  }
  return plans;
}

/** Everything that this process sends to PostgreSQL meanwhile, by knex or as a statement of src/db/statements.ts. */
async function queriesOf(work: () => Promise<unknown>): Promise<Asked[]> {
  const asked: Asked[] = [];
  const { prototype } = pg.Client;
  const send = Reflect.get(prototype, 'query') as (...given: unknown[]) => unknown;
  const noting = function query(this: pg.Client, ...given: unknown[]): unknown {
    const [first, second] = given;
    if (first instanceof PreparedBatch) asked.push(...first.statements);
    else if (typeof first === 'string')
      asked.push({ text: first, values: Array.isArray(second) ? second : [] });
    else {
      const { name, text: sql, values = Array.isArray(second) ? second : [] } = first as Partial<Asked>;
      asked.push({ name, text: sql ?? '', values });
    }
    return send.apply(this, given);
  };
  Reflect.set(prototype, 'query', noting);
  try {
    await work();
  } finally {
    Reflect.set(prototype, 'query', send);
  }
  return asked;
}

/** Some statements also record a view: what they write is rolled back. */
async function planOf(planner: pg.Client, { name, text: sql, values }: Asked): Promise<string> {
  return preparing(planner, sql, async () => {
    await planner.query(`set local plan_cache_mode = ${name ? 'force_generic_plan' : 'force_custom_plan'}`);
    const { rows } = await planner.query<{ 'QUERY PLAN': string }>(
      `explain (analyze, costs, timing off) execute asked${listOf(values)}`,
    );
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  });
}

/**
 * Whether PostgreSQL keeps no plan of a prepared statement: it finds those for the values at hand cheaper than one for any,
 * and plans longer than it reads. It decides after five executions.
 */
async function isReplanned(planner: pg.Client, { text: sql, values }: Asked): Promise<boolean> {
  return preparing(planner, sql, async () => {
    for (let time = 0; time < 7; time += 1) await planner.query(`execute asked${listOf(values)}`);
    const { rows } = await planner.query<{ kept: boolean }>(
      'select generic_plans > 0 as kept from pg_prepared_statements',
    );
    return rows[0]?.kept === false;
  });
}

async function preparing<T>(planner: pg.Client, sql: string, work: () => Promise<T>): Promise<T> {
  await planner.query('begin');
  try {
    await planner.query(`prepare asked as ${sql}`);
    return await work();
  } finally {
    await planner.query('rollback');
    await planner.query('deallocate all');
  }
}

function listOf(values: readonly unknown[]): string {
  return values.length > 0 ? `(${values.map(literalOf).join(', ')})` : '';
}

/** PostgreSQL reads it as the type of its place. */
function literalOf(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return pg.escapeLiteral(`{${value.map((one) => JSON.stringify(one)).join(',')}}`);
  if (Buffer.isBuffer(value)) return pg.escapeLiteral(String.raw`\x${value.toString('hex')}`);
  if (value instanceof Date) return pg.escapeLiteral(value.toISOString());
  return pg.escapeLiteral(typeof value === 'string' ? value : JSON.stringify(value));
}

async function longScansIn(db: Database, plan: string[]): Promise<string[]> {
  const scanned = new Set(
    [...plan.join('\n').matchAll(/(?:Seq Scan|Parallel Seq Scan) on (\w+)/g)].map(([, table]) => table ?? ''),
  );
  const long = (await db('pg_class').where('reltuples', '>', longTable).pluck('relname')) as string[];
  return [...scanned].filter((table) => long.includes(table));
}
