// Starts document-child.ts for the tests of killed processes, with the database and store of a house.
import { once } from 'node:events';
import path from 'node:path';
import { compose } from '../../../src/compose.ts';
import type { DocumentCare } from '../../../src/documents/index.ts';
import { silent } from '../booking-house.ts';
import { openChildPool, type ChildPool } from '../child-pool.ts';
import type { DocumentHouse } from '../document-house.ts';
import { testSecret } from '../session.ts';

const child = path.join(import.meta.dirname, 'document-child.ts');

export interface Plan {
  /** `never`: the test ends it. */
  killAt: string;
  verdict?: 'clean' | 'infected';
  scan?: string;
  /** Starts when `go` is called. */
  care?: 'sweep' | 'retain';
}

const pools = new WeakMap<DocumentHouse, ChildPool<Plan>>();

function poolOf(house: DocumentHouse): ChildPool<Plan> {
  const known = pools.get(house);
  if (known) return known;
  const pool = openChildPool<Plan>(child, {
    NODE_ENV: 'test',
    LOG_LEVEL: 'fatal',
    DATABASE_URL: house.app.database.url,
    DATABASE_POOL_MAX: '4',
    BETTER_AUTH_SECRET: testSecret,
    SMTP_URL: 'smtp://127.0.0.1:9',
    ACUITY_BASE_URL: 'http://127.0.0.1:9',
    ACUITY_USER_ID: '11100001',
    ACUITY_API_KEY: 'demo-acuity-key',
    DEMO_ACCOUNTS: 'true',
    ...house.storage.env,
  });
  pools.set(house, pool);
  house.onClose(() => pool.close());
  return pool;
}

export async function startProcess(house: DocumentHouse, plan: Plan) {
  const running = poolOf(house).take(plan);
  const ended = once(running, 'exit').then(([, signal]) => signal as string | null);
  const ready = once(running, 'message').then(([message]) => (message as { url: string }).url);
  const url = (await Promise.race([ready, ended.then(() => null)])) ?? '';
  return { running, ended, url, go: () => void running.send('go') };
}

/** The same house a day and a half later: abandoned uploads are old enough. */
export async function later36Hours<T>(
  house: DocumentHouse,
  work: (care: DocumentCare) => Promise<T>,
): Promise<T> {
  const clock = { now: () => new Date(Date.now() + 36 * 3_600_000) };
  const system = compose(house.app.system.services.config, { clock, log: silent });
  try {
    return await work(system.services.documentCare);
  } finally {
    await system.close();
  }
}
