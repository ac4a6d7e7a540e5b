// Random batches, sent in every way, answer and leave what the same statements do when each is sent by itself.
import { expect } from 'chai';
import fc from 'fast-check';
import pg from 'pg';
import { type Database, openDatabase } from '../../src/db/knex.ts';
import { endWith, sendInTurn, sendTogether, transact, type Query } from '../../src/db/statements.ts';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';
import { assertAlways } from '../support/random.ts';

const unwritable = {
  toPostgres(): never {
    throw new Error('has no text');
  },
};
const number = fc.integer({ min: 0, max: 4 });
const wild = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: 'binary', maxLength: 9 }) },
  fc.constant('a\u0000b'),
  fc.constant(undefined),
  fc.integer({ min: 1, max: 60_000 }).map((length) => 'ß'.repeat(length)),
);
/** The text, and its values. */
const statement: fc.Arbitrary<[string, unknown[]]> = fc.oneof(
  {
    weight: 6,
    arbitrary: number.map((n) => ['insert into tried (n) values ($1)', [n]] as [string, unknown[]]),
  },
  fc.constant(['select n from tried order by n', []] as [string, unknown[]]),
  fc.constant(['update tried set n = n + 10 where n < 10 returning n', []] as [string, unknown[]]),
  fc.constant(['delete from tried', []] as [string, unknown[]]),
  wild.map((text) => ['select $1::text as said, now() is null as never', [text]] as [string, unknown[]]),
  number.map((n) => [`select 6 / ($1::integer - 1) as part`, [n]] as [string, unknown[]]),
  number.map((n) => ['insert into late (n) values ($1) returning n', [n]] as [string, unknown[]]),
  fc.constantFrom<[string, unknown[]]>(
    ['', []],
    ['selec', []],
    ['select * from nowhere', []],
    ['select $1::text', ['cannot be written']],
    ['select $1::integer as n', [1, 2]],
    ['set constraints all immediate', []],
    ["select repeat('x', 3000) as t from generate_series(1, 200)", []],
  ),
);
/** Of several names of one text some are new on the connection, and others known. */
const queries = fc.array(
  fc
    .tuple(statement, number)
    .map(([[text, values], variant]): Query => ({ name: `${text.slice(0, 40)} ${variant}`, text, values })),
  { maxLength: 6 },
);
const wayNames = ['together', 'in a transaction', 'at once in a transaction', 'transact', 'in turn'] as const;
type Way = (typeof wayNames)[number];
type Send = (first: readonly Query[], last: readonly Query[]) => Promise<unknown>;
const step = fc.record({ way: fc.constantFrom(...wayNames), first: queries, last: queries });

/** A kept case can hold no function. */
const writable = (given: readonly Query[], run: number): Query[] =>
  given.map(({ name, text, values }) => ({
    // Each run begins with names that are new.
    name: `${name} ${run}`,
    text,
    values: values.map((one) => (one === 'cannot be written' ? unwritable : one)),
  }));

type Outcome = unknown[][] | string;
const outcomeOf = (error: unknown): string => {
  const { code, message } = error as { code?: string; message: string };
  return code ?? message;
};
const settle = (work: Promise<readonly unknown[][]>): Promise<Outcome> =>
  work.then((answers) => [...answers], outcomeOf);

describe('random batches', () => {
  let database: TestDatabase;
  let batched: Database;
  let plain: pg.Client;

  before(async () => {
    database = await openTestDatabase();
    const of = (schema: string) =>
      `${database.ownerUrl}${database.ownerUrl.includes('?') ? '&' : '?'}options=-csearch_path%3D${schema}`;
    for (const schema of ['batched', 'plain']) {
      await database.owner.raw(`create schema ${schema}`);
      await database.owner.raw(`create table ${schema}.tried (n integer primary key)`);
      await database.owner.raw(
        `create table ${schema}.late (n integer unique deferrable initially deferred)`,
      );
    }
    batched = openDatabase(of('batched'), 1);
    plain = new pg.Client({ connectionString: of('plain') });
    await plain.connect();
  });
  after(async () => {
    await Promise.all([batched.destroy(), plain.end()]);
    await database.close();
  });

  /** One transaction, statement by statement. A batch of which a value cannot be written is refused as a whole. */
  async function oneByOne(...batches: (readonly Query[])[]): Promise<Outcome> {
    await plain.query('begin');
    try {
      const answers: unknown[][] = [];
      for (const batch of batches) {
        if (batch.some(({ values }) => values.includes(unwritable))) unwritable.toPostgres();
        for (const { text, values } of batch) answers.push((await plain.query(text, values)).rows);
      }
      await plain.query('commit');
      return answers;
    } catch (error) {
      await plain.query('rollback');
      return outcomeOf(error);
    }
  }

  const ways: Record<Way, { sent: Send; expected: Send }> = {
    together: {
      sent: (first) => settle(sendTogether(batched, ...first)),
      expected: (first) => oneByOne(first),
    },
    'in a transaction': {
      sent: (first, last) =>
        settle(
          batched.transaction(async (trx) => [
            ...(await sendTogether(trx, ...first)),
            ...(await sendTogether(trx, ...last)),
          ]),
        ),
      expected: oneByOne,
    },
    'at once in a transaction': {
      sent: (first, last) =>
        settle(
          batched.transaction(async (trx) => {
            const sent = [sendTogether(trx, ...first), sendTogether(trx, ...last)];
            await Promise.allSettled(sent);
            return (await Promise.all(sent)).flat();
          }),
        ),
      expected: oneByOne,
    },
    transact: {
      sent: (first, last) =>
        settle(
          transact(batched, first, async (_trx, answers) =>
            endWith(last, (ended) => [...answers, ...ended] as unknown[][]),
          ),
        ),
      expected: oneByOne,
    },
    'in turn': {
      sent: (first, last) =>
        sendInTurn(batched, first, last).then(
          ([one, other]) => [one, other.status === 'fulfilled' ? other.value : outcomeOf(other.reason)],
          outcomeOf,
        ),
      expected: async (first, last) => {
        const [one, other] = [await oneByOne(first), await oneByOne(last)];
        return typeof one === 'string' ? one : [one, other];
      },
    },
  };

  const left = async (schema: string) => {
    const { rows } = await database.owner.raw<{ rows: unknown[] }>(
      `select 'tried' as of, n from ${schema}.tried union all select 'late', n from ${schema}.late order by 1, 2`,
    );
    return rows;
  };

  let run = 0;

  it('answer and leave what their statements do one by one', () =>
    assertAlways(
      'db/batches',
      fc
        .asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
          for (const { way, first, last } of steps) {
            const given = [writable(first, run), writable(last, run)] as const;
            expect(await ways[way].sent(...given), way).to.deep.equal(await ways[way].expected(...given));
            expect(await left('batched')).to.deep.equal(await left('plain'));
          }
        })
        .beforeEach(async () => {
          run += 1;
          for (const schema of ['batched', 'plain'])
            await database.owner.raw(`truncate ${schema}.tried, ${schema}.late`);
        }),
      { numRuns: 150 },
    ));
});
