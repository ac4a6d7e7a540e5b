import type { Database } from '../db/knex.ts';
import { removeWorker, touchWorker, type WorkerKind } from '../db/signs-of-life.ts';
import type { Worker } from './worker.ts';

export interface SignOfLife {
  db: Database;
  id: string;
  kind: WorkerKind;
  /** While false, no sign of life is written: the process is alive but does no work. */
  isWorking: () => boolean;
  everyMs?: number;
}

/** Wraps a worker so that it renews a row in the database while it works. */
export function withSignOfLife(
  worker: Worker,
  { db, id, kind, isWorking, everyMs = 10_000 }: SignOfLife,
): Worker {
  let timer: NodeJS.Timeout | null = null;
  let lastBeat: Promise<void> = Promise.resolve();

  function beat(): void {
    // An unavailable database is logged elsewhere; without the row this worker counts as dead.
    if (isWorking()) lastBeat = touchWorker(db, id, kind).catch(() => undefined);
  }

  return {
    async start() {
      await worker.start();
      beat();
      timer = setInterval(beat, everyMs).unref();
      await lastBeat;
    },
    async stop() {
      if (timer) clearInterval(timer);
      await worker.stop();
      await lastBeat;
      await removeWorker(db, id).catch(() => undefined);
    },
  };
}
