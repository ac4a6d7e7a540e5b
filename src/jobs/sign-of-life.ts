import type { Database } from '../db/knex.ts';
import { removeWorker, touchWorker, type WorkerKind } from '../db/signs-of-life.ts';
import type { Worker } from './worker.ts';

export interface SignOfLife {
  db: Database;
  id: string;
  kind: WorkerKind;
  /** No sign is given while it says no: the process lives, but works nothing. */
  isWorking: () => boolean;
  everyMs?: number;
}

/** The worker, and a row in the database that says it lives. */
export function withSignOfLife(
  worker: Worker,
  { db, id, kind, isWorking, everyMs = 10_000 }: SignOfLife,
): Worker {
  let timer: NodeJS.Timeout | null = null;
  let beating: Promise<void> = Promise.resolve();

  function beat(): void {
    // A database that is away is logged by whoever needs it more; without the sign this worker counts as dead.
    if (isWorking()) beating = touchWorker(db, id, kind).catch(() => undefined);
  }

  return {
    async start() {
      await worker.start();
      beat();
      timer = setInterval(beat, everyMs).unref();
      await beating;
    },
    async stop() {
      if (timer) clearInterval(timer);
      await worker.stop();
      await beating;
      await removeWorker(db, id).catch(() => undefined);
    },
  };
}
