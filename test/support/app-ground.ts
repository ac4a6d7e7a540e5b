// A database and connections that the apps of a file use one after the other. Each test has an app of its own, and finds
// the database as it was seeded. A new database, and connections that have planned and cached nothing yet, are half of
// what such a test costs.
import knexModule from 'knex';
import pg from 'pg';
import { openConnections, type Connections } from '../../src/app/ground.ts';
import type { Config } from '../../src/config.ts';
import { databaseUsage, poolUsage } from '../../src/db/knex.ts';
import { silent } from './booking-fixture.ts';
import { openRewoundDatabase, type RewoundDatabase } from './rewound-database.ts';
import { until } from './until.ts';

export interface AppGround {
  database: RewoundDatabase;
  /**
   * Rewinds the database, and lends the connections to an app until it ends them. The first app's configuration says
   * how they are opened.
   * @throws Error while another app has them
   */
  lend(config: Config): Promise<Connections>;
  close(): Promise<void>;
}

export async function openAppGround(): Promise<AppGround> {
  const database = await openRewoundDatabase();
  let opened: Connections | undefined;
  let isLent = false;
  return {
    database,
    async lend(config) {
      if (isLent) throw new Error('Another app still has the connections of this ground');
      isLent = true;
      await database.rewind();
      opened ??= openConnections(config, silent);
      const { db, pool } = opened;
      const usages = [() => databaseUsage(db), () => poolUsage(pool)];
      const isQuiet = () => usages.every((read) => read().used + read().waiting === 0);
      let ending: Promise<void> | undefined;
      const whenQuiet = async () => {
        await until(isQuiet);
        isLent = false;
      };
      const end = () => (ending ??= whenQuiet());
      return {
        db: untilEnded(db, endedDatabase, 'destroy', end),
        pool: untilEnded(pool, endedPool, 'end', end),
      };
    },
    async close() {
      await Promise.all([opened?.db.destroy(), opened?.pool.end()]);
      await database.close();
    },
  };
}

// What an app does after its end fails as on connections of its own, and does not reach the next test.
const endedDatabase = knexModule.knex({ client: 'pg' });
const endedPool = new pg.Pool();
void endedPool.end();

/** @returns `live`, and `ended` in its place as soon as its method `endName` is called, which calls `end` instead */
function untilEnded<T extends object>(live: T, ended: T, endName: keyof T, end: () => Promise<void>): T {
  let present = live;
  const finish = () => {
    present = ended;
    return end();
  };
  return new Proxy(live, {
    apply: (_live, _self, given) => Reflect.apply(present as () => unknown, undefined, given) as unknown,
    get(_live, name) {
      if (name === endName) return finish;
      const value: unknown = Reflect.get(present, name);
      return typeof value === 'function' ? (value.bind(present) as unknown) : value;
    },
  });
}
