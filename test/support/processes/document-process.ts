// Starts document-child.ts for the tests of killed processes, with the database and store of a fixture.
import { once } from 'node:events';
import path from 'node:path';
import { compose, type Overrides } from '../../../src/compose.ts';
import type { DocumentCare } from '../../../src/documents/index.ts';
import { silent } from '../booking-fixture.ts';
import { messageOf, openChildPool, type ChildPool } from '../child-pool.ts';
import type { DocumentFixture } from '../document-fixture.ts';
import { testSecret } from '../session.ts';

const child = path.join(import.meta.dirname, 'document-child.ts');

export interface Plan {
  /** Has a scanner, which says what `scan` is given. */
  scans?: boolean;
}

export type Order =
  | { stopAt: string }
  | { scan: string; verdict: 'clean' | 'infected' }
  /** From then on its clock is 36 hours ahead. */
  | { care: 'sweep' | 'retain' };

const pools = new WeakMap<DocumentFixture, ChildPool<Plan>>();

function poolOf(fixture: DocumentFixture): ChildPool<Plan> {
  const known = pools.get(fixture);
  if (known) return known;
  const pool = openChildPool<Plan>(child, {
    NODE_ENV: 'test',
    LOG_LEVEL: 'fatal',
    DATABASE_URL: fixture.app.database.url,
    DATABASE_POOL_MAX: '4',
    BETTER_AUTH_SECRET: testSecret,
    SMTP_URL: 'smtp://127.0.0.1:9',
    ACUITY_BASE_URL: 'http://127.0.0.1:9',
    ACUITY_USER_ID: '11100001',
    ACUITY_API_KEY: 'demo-acuity-key',
    DEMO_ACCOUNTS: 'true',
    ...fixture.storage.env,
    // Where the store keeps a call until the process is killed, the process must not give up before.
    S3_TIMEOUT_MS: String(fixture.app.system.services.config.S3_TIMEOUT_MS),
  });
  pools.set(fixture, pool);
  fixture.onClose(() => pool.close());
  return pool;
}

/** A request that the store receives from a process. */
export interface StoreCall {
  method: string;
  key: string;
  query: URLSearchParams;
}

export async function startProcess(fixture: DocumentFixture, plan: Plan = {}) {
  const running = poolOf(fixture).take(plan);
  const ended = once(running, 'exit').then(([, signal]) => signal as string | null);
  const ready = once(running, 'message').then(([message]) => (message as { url: string }).url);
  const url = (await Promise.race([ready, ended.then(() => null)])) ?? '';
  const killed = Promise.withResolvers<void>();
  return {
    url,
    /** Makes what `send` begins stop at this step. @returns the answer, perhaps only when the process ends */
    async stopAt<T>(step: string, send: () => Promise<T>): Promise<{ sent: Promise<T> }> {
      running.send({ stopAt: step } satisfies Order);
      await messageOf(running);
      const stopped = messageOf(running);
      const sent = send();
      await stopped;
      return { sent };
    },
    /**
     * Makes what `send` begins stop at its first request to the store that matches; `kill` ends the wait. The store
     * carries the request out then, if `isDone`: the process never learns of it.
     */
    async stopAtCall<T>(
      { matches, isDone }: { matches: (call: StoreCall) => boolean; isDone: boolean },
      send: () => Promise<T>,
    ): Promise<{ sent: Promise<T> }> {
      const { server } = fixture.storage;
      const received = Promise.withResolvers<void>();
      server.injectFault = async (call) => {
        if (!matches(call)) return undefined;
        server.injectFault = null;
        received.resolve();
        await killed.promise;
        return isDone ? undefined : 'drop';
      };
      const sent = send();
      await received.promise;
      return { sent };
    },
    scan: (id: string, verdict: 'clean' | 'infected') =>
      void running.send({ scan: id, verdict } satisfies Order),
    takeCare: (care: 'sweep' | 'retain') => void running.send({ care } satisfies Order),
    /** @returns the signal that ended it */
    kill(): Promise<string | null> {
      running.kill('SIGKILL');
      killed.resolve();
      return ended;
    },
  };
}

/**
 * Runs the document care of a system whose clock is 36 hours ahead, so that open uploads count as abandoned, and
 * documents that were deleted are due for removal.
 */
export async function later36Hours<T>(
  fixture: DocumentFixture,
  work: (care: DocumentCare) => Promise<T>,
  documents: Overrides['documents'] = {},
): Promise<T> {
  const clock = { now: () => new Date(Date.now() + 36 * 3_600_000) };
  const system = compose(fixture.app.system.services.config, { clock, log: silent, documents });
  try {
    return await work(system.services.documentCare);
  } finally {
    await system.close();
  }
}
