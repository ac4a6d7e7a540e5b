// Whether lists, searches and pages stay as fast as the data grows: the median of each over HTTP with a session, at 10⁶
// bookings against 10³, in turns so that other load meets both. Writes the plan of every query into .data/bench/flat.txt.
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { Agent, get, type IncomingMessage } from 'node:http';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import pg from 'pg';
import type { Database } from '../src/db/knex.ts';
import { startTestApp, type TestApp } from '../test/support/app.ts';
import { stopSharedPostgres } from '../test/support/postgres.ts';
import type { BenchOptions, BenchResult } from './result.ts';
import { fillAgency, large, small, type AgencySize } from './support/agency-data.ts';

/** How much of the large database the short form fills: a first look. */
const shortShare = 0.02;
const rounds = 11;
const boundRatio = 1.3;
const searchBoundMs = 30;
/** A sequential scan over fewer rows costs less than an index. */
const longTable = 10_000;
const plansFile = path.resolve(import.meta.dirname, '../.data/bench/flat.txt');

/** `ratio`: the worst of all. */
export async function run({ isShort }: BenchOptions): Promise<BenchResult> {
  const size = sizeOf(isShort ? shortShare : 1);
  const sides = [await open(small), await open(size)] as const;
  try {
    const results: Result[] = [];
    for (const name of Object.keys(sides[0].visits)) results.push(await compare(name, sides));
    const plans = await plansOf(sides[1]);
    await mkdir(path.dirname(plansFile), { recursive: true });
    await writeFile(plansFile, plans.map(({ name, plan }) => `## ${name}\n\n${plan}\n`).join('\n'));
    const worst = results.toSorted((a, b) => b.ratio - a.ratio);
    const searches = results.filter(({ name }) => name.includes('search')).flatMap(({ took }) => took);
    const p95 = percentile(searches, 0.95);
    for (const { name, smallMs, largeMs, ratio, bytes } of worst)
      console.log(
        `  ${name.padEnd(48)} ${ms(smallMs)} → ${ms(largeMs)} ms  ${ratio.toFixed(2)}  ${bytes.map((one) => (one / 1000).toFixed(1)).join(' → ')} KB`,
      );
    return {
      name: `lists, searches and pages with ${size.bookings.toLocaleString('en')} bookings against ${small.bookings.toLocaleString('en')}, medians`,
      goal: `at most ${boundRatio.toFixed(2)}`,
      ratio: worst[0]?.ratio ?? Number.NaN,
      detail: `the worst of ${results.length}; searches p95 ${p95.toFixed(1)} ms; plans in ${path.relative(process.cwd(), plansFile)}`,
      failures: [
        ...worst
          .filter(({ ratio }) => ratio > boundRatio)
          .map(({ name, ratio }) => `${name}: ${ratio.toFixed(2)} times as slow`),
        ...(p95 > searchBoundMs ? [`searches: p95 ${p95.toFixed(1)} ms, more than ${searchBoundMs} ms`] : []),
        ...plans.flatMap(({ name, scans }) => scans.map((table) => `${name}: reads all of ${table}`)),
        ...new Set(plans.flatMap(({ replanned }) => replanned)),
      ],
    };
  } finally {
    for (const { app } of sides) await app.close();
    await stopSharedPostgres();
  }
}

function sizeOf(share: number): AgencySize {
  const of = (count: number) => Math.round(count * share);
  return {
    ...large,
    bookings: of(large.bookings),
    people: of(large.people),
    auditRows: of(large.auditRows),
    documents: of(large.documents),
  };
}

interface Side {
  app: TestApp;
  visits: Record<string, Visit>;
}

interface Visit {
  path: string;
  headers: Record<string, string>;
}

async function open(size: AgencySize): Promise<Side> {
  const app = await startTestApp();
  await fillAgency(app.database.owner, size);
  return { app, visits: await visitsOf(app) };
}

const json = 'application/json';
const page = 'text/html';

/** The requests, with ids and words that exist in this database. */
async function visitsOf(app: TestApp): Promise<Record<string, Visit>> {
  const db = app.database.owner;
  const facts = await factsOf(db);
  const cookies = {
    referrer: await cookieOf(app, facts.email),
    sam: await cookieOf(app, 'sam@examdesk.example'),
    ada: await cookieOf(app, 'ada@examdesk.example'),
  };
  const sam = await app.signIn('sam@examdesk.example');
  /** The query of a search, with its words sealed. */
  const sealed = async (words: string): Promise<string> => {
    const { body } = await sam
      .post('/admin/views/bookings/find')
      .send({ 'filters.search': words })
      .expect(200);
    return new URL((body as { href: string }).href, app.url).search.slice(1);
  };
  cookies.sam = sam.jar
    .getCookies({ domain: '127.0.0.1', path: '/', secure: false, script: false })
    .toValueString();
  const visits: Record<string, Visit> = {};
  const visit = (who: keyof typeof cookies, accept: string, name: string, at: string): void => {
    visits[`${name}, ${who}`] = {
      path: at,
      headers: { Cookie: cookies[who], Accept: accept, 'Sec-Fetch-Site': 'same-origin' },
    };
  };
  const searches = {
    surname: facts.last,
    'two letters': 'Ng',
    'title and two letters': 'Mr Ng',
    'whole name': `${facts.first} ${facts.last}`,
    claim: facts.claim,
    'part of a claim': facts.claim.slice(-6),
    'part of a reference': facts.reference.slice(4, 8),
    specialist: facts.specialist,
    organisation: facts.organization,
    nobody: 'qqxzv',
  };
  for (const who of ['referrer', 'sam'] as const) {
    visit(who, page, 'home', '/');
    visit(who, page, 'list', '/bookings');
    for (const tab of ['today', 'upcoming', 'past'])
      visit(who, page, `list, tab ${tab}`, `/bookings?tab=${tab}`);
    visit(who, json, 'list as JSON', '/bookings');
    visit(who, json, 'deep page', `/bookings?limit=20&cursor=${await cursorOf(app, cookies[who])}`);
    visit(who, page, 'detail', `/bookings/${facts.booking}`);
    for (const [name, words] of Object.entries(searches))
      visit(who, json, `search by ${name}`, `/bookings?q=${encodeURIComponent(words)}`);
  }
  visit('referrer', page, 'list, tab needs_you', '/bookings?tab=needs_you');
  visit('referrer', page, 'home of the organisation', '/?whose=all');
  visit('referrer', page, 'month', '/bookings?view=calendar');
  for (const who of ['referrer', 'sam'] as const) {
    visit(who, page, 'search before anything is typed', '/search');
    for (const [name, words] of [
      ['surname', facts.last],
      ['claim', facts.claim],
    ] as const)
      visit(who, page, `search page by ${name}`, await searchOf(app, cookies[who], words));
  }
  visit('sam', page, 'late paperwork', '/admin/paperwork');
  for (const status of ['active', 'cancelled', 'archived'])
    visit('sam', json, `status ${status}`, `/bookings?status=${status}`);
  for (const progress of ['no_show', 'payment_received'])
    visit('sam', json, `progress ${progress}`, `/bookings?progress=${progress}`);
  visit('sam', json, 'status and progress', '/bookings?status=active&progress=report_generated');
  visit('sam', json, 'interpreter', '/bookings?interpreter=yes');
  visit('sam', json, 'specialist', `/bookings?specialistId=${facts.specialistId}`);
  visit('sam', json, 'days', `/bookings?from=${facts.day}&to=${facts.day}`);

  const list = (id: string, query = ''): string =>
    `/admin/api/resources/${id}/actions/list${query && `?${query}`}`;
  visit('ada', json, 'console, first page', '/admin/api/dashboard');
  for (const id of [
    'bookings',
    'progress',
    'documents',
    'specialists',
    'organizations',
    'users',
    'webhook-events',
    'emails',
    'drift-items',
    'audit',
  ])
    visit('ada', json, `console, ${id}`, list(id));
  for (const [name, words] of Object.entries(searches))
    visit('sam', json, `console, search by ${name}`, list('bookings', await sealed(words)));
  for (const status of ['active', 'closed', 'cancelled', 'archived'])
    visit('ada', json, `console, bookings by status ${status}`, list('bookings', `filters.status=${status}`));
  visit('ada', json, 'console, bookings by progress', list('bookings', 'filters.currentProgress=no_show'));
  visit('ada', json, 'console, bookings made in Acuity', list('bookings', 'filters.source=acuity_direct'));
  visit('ada', json, 'console, bookings to complete', list('bookings', 'filters.detailsNeeded=true'));
  visit('ada', json, 'console, bookings without referrer', list('bookings', 'filters.needsReferrer=true'));
  visit(
    'ada',
    json,
    'console, bookings of an organisation',
    list('bookings', `filters.organizationId=${facts.organizationId}`),
  );
  visit(
    'ada',
    json,
    'console, bookings of a day',
    list('bookings', `filters.startsAt~~from=${facts.day}&filters.startsAt~~to=${facts.day}`),
  );
  visit('ada', json, 'console, infected documents', list('documents', 'filters.status=infected'));
  visit('ada', json, 'console, reports', list('documents', 'filters.category=report'));
  visit(
    'ada',
    json,
    'console, documents of a booking',
    list('documents', `filters.bookingId=${facts.booking}`),
  );
  const related: [table: string, by: string, id: string][] = [
    ['progress', 'bookingId', facts.booking],
    ['emails', 'bookingId', facts.booking],
    ['webhook-events', 'appointmentId', facts.appointment],
    ['drift-items', 'appointmentId', facts.appointment],
    ['bookings', 'referrerId', facts.referrerId],
    ['bookings', 'specialistId', facts.specialistId],
  ];
  for (const [table, by, id] of related)
    visit('ada', json, `console, ${table} by ${by}`, list(table, `filters.${by}=${id}`));
  visit('ada', json, 'console, failed e-mails', list('emails', 'filters.status=failed'));
  visit('ada', json, 'console, dead events', list('webhook-events', 'filters.state=dead'));
  visit('ada', json, 'console, staff', list('users', 'filters.role=support'));
  visit(
    'ada',
    json,
    'console, people of an organisation',
    list('users', `filters.organizationId=${facts.organizationId}`),
  );
  visit('ada', json, 'audit by rare action', list('audit', 'filters.action=records.imported'));
  visit('ada', json, 'audit by frequent action', list('audit', 'filters.action=booking.viewed'));
  visit('ada', json, 'audit by rare type', list('audit', 'filters.resourceType=specialist'));
  visit('ada', json, 'audit by outcome', list('audit', 'filters.outcome=denied'));
  visit('ada', json, 'audit by resource id', list('audit', `filters.resourceId=${facts.booking}`));
  visit(
    'ada',
    json,
    'audit of a day',
    list('audit', `filters.at~~from=${facts.day}&filters.at~~to=${facts.day}`),
  );
  visit('ada', page, 'people', '/account/people');
  visit('ada', page, 'people of an organisation', `/account/people?of=${facts.organizationId}`);
  visit(
    'ada',
    json,
    'referrer search by name',
    `/admin/referrers/search?query=${encodeURIComponent(`${facts.first} ${facts.last}`)}`,
  );
  visit('ada', json, 'referrer search by two letters', '/admin/referrers/search?query=Ng');
  visit('ada', page, 'episodes', '/admin/episodes');
  visit('ada', page, 'specialists', '/specialists');
  visit('ada', 'text/plain', 'metrics', '/metrics');
  return visits;
}

interface Facts {
  booking: string;
  appointment: string;
  referrerId: string;
  reference: string;
  claim: string;
  first: string;
  last: string;
  day: string;
  email: string;
  organizationId: string;
  organization: string;
  specialistId: string;
  specialist: string;
}

/** Of a booking in the middle, made by somebody of an organisation with about a hundred bookings. */
async function factsOf(db: Database): Promise<Facts> {
  const { rows } = await db.raw<{ rows: Facts[] }>(
    `with firm as (select organization_id as id from bookings where organization_id is not null group by 1 order by abs(count(*) - 100), 1 limit 1)
     select b.id as booking, b.acuity_appointment_id::text as appointment, u.id as "referrerId", b.reference, b.claim_number as claim, b.examinee_first_name as first, b.examinee_last_name as last,
       to_char(b.starts_at, 'YYYY-MM-DD') as day, u.email, o.id as "organizationId", o.name as organization,
       s.id as "specialistId", s.name as specialist
     from bookings b join firm on firm.id = b.organization_id join users u on u.id = b.created_by_id
       join organizations o on o.id = b.organization_id join specialists s on s.id = b.specialist_id
     where b.claim_number is not null and b.current_progress = 'payment_received' and length(b.examinee_last_name) > 4
     order by abs(extract(epoch from b.starts_at - (
       select percentile_disc(0.5) within group (order by starts_at) from bookings where status = 'closed'))) limit 1`,
  );
  const [facts] = rows;
  if (!facts) throw new Error('The generated data has no booking to look at');
  return facts;
}

async function cookieOf(app: TestApp, email: string): Promise<string> {
  const { name, value } = await app.sessionCookie(email);
  return `${name}=${value}`;
}

/** The address of a search, with its words sealed. */
async function searchOf(app: TestApp, cookie: string, words: string): Promise<string> {
  const answer = await fetch(`${app.url}/search`, {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie, accept: page, origin: app.url },
    body: new URLSearchParams({ q: words }),
  });
  const address = answer.headers.get('location');
  if (answer.status !== 303 || address === null) throw new Error(`POST /search answered ${answer.status}`);
  return address;
}

/** Of the eleventh page of the longest pages. */
async function cursorOf(app: TestApp, cookie: string): Promise<string> {
  let cursor: string | null = null;
  for (let at = 0; at < 10; at += 1) {
    const more: string = cursor === null ? '' : `&cursor=${cursor}`;
    const body = await ask(app, {
      path: `/bookings?limit=100${more}`,
      headers: { Cookie: cookie, Accept: json },
    });
    const { nextCursor } = JSON.parse(body) as { nextCursor: string | null };
    if (nextCursor === null) break;
    cursor = nextCursor;
  }
  return cursor ?? '';
}

const agent = new Agent({ keepAlive: true, maxSockets: 1 });

async function ask(app: TestApp, { path: at, headers }: Visit): Promise<string> {
  const [answer] = (await once(get(`${app.url}${at}`, { headers, agent }), 'response')) as [IncomingMessage];
  const body = await text(answer);
  if (answer.statusCode !== 200)
    throw new Error(`${at} answered ${answer.statusCode}: ${body.slice(0, 300)}`);
  return body;
}

interface Result {
  name: string;
  smallMs: number;
  largeMs: number;
  ratio: number;
  /** How long the answers are, without compression: a longer page takes longer. */
  bytes: [number, number];
  /** With the large database. */
  took: number[];
}

async function compare(name: string, sides: readonly [Side, Side]): Promise<Result> {
  const took: [number[], number[]] = [[], []];
  const bytes: [number, number] = [0, 0];
  for (let round = -2; round < rounds; round += 1) {
    for (const [at, { app, visits }] of sides.entries()) {
      const visit = visits[name];
      if (!visit) throw new Error(`No request ${name}`);
      const began = performance.now();
      const answer = await ask(app, visit);
      bytes[at as 0 | 1] = Buffer.byteLength(answer);
      if (round >= 0) took[at as 0 | 1].push(performance.now() - began);
    }
  }
  const [smallMs, largeMs] = [percentile(took[0], 0.5), percentile(took[1], 0.5)];
  return { name, smallMs, largeMs, ratio: largeMs / smallMs, bytes, took: took[1] };
}

interface Asked {
  /** Of a prepared statement, which is planned for any values. */
  name?: string | undefined;
  text: string;
  values: readonly unknown[];
}

interface Plans {
  name: string;
  plan: string;
  /** The long tables that are read from beginning to end. */
  scans: string[];
  replanned: string[];
}

/** Of each request, the plans of its queries. */
async function plansOf({ app, visits }: Side): Promise<Plans[]> {
  const planner = new pg.Client({ connectionString: app.database.ownerUrl });
  await planner.connect();
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
  await planner.end();
  return plans;
}

/** Everything that this process sends to PostgreSQL meanwhile, by knex or as a statement of src/db/statements.ts. */
async function queriesOf(work: () => Promise<unknown>): Promise<Asked[]> {
  const asked: Asked[] = [];
  const { prototype } = pg.Client;
  const send = Reflect.get(prototype, 'query') as (...given: unknown[]) => unknown;
  const noting = function query(this: pg.Client, ...given: unknown[]): unknown {
    const [first, second] = given;
    if (typeof first === 'string') asked.push({ text: first, values: Array.isArray(second) ? second : [] });
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

function percentile(values: number[], at: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * at))] ?? Number.NaN;
}

function ms(value: number): string {
  return value.toFixed(1).padStart(6);
}
