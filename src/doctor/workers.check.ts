import type { Database } from '../db/knex.ts';
import { liveWorkers, type WorkerKind } from '../db/signs-of-life.ts';
import { commandLine } from '../lib/command-line.ts';
import { ok, wrong, type Check, type Line } from './check.ts';

export function workersCheck(db: Database): Check {
  return { id: 'workers', title: 'Workers', run: async () => workerLines(await liveWorkers(db)) };
}

export function workerLines({ jobs, relay }: Record<WorkerKind, number>): Line[] {
  return [
    jobs > 0
      ? ok(jobs === 1 ? 'One process works jobs' : `${jobs} processes work jobs`)
      : wrong(
          'No process works jobs',
          'Nobody gets a mail, documents are not scanned, lost answers of Acuity are not settled, and nothing is reconciled.',
          {
            text: 'Start a worker, or set RUN_WORKER=true for the web process',
            command: 'node src/worker.ts',
          },
        ),
    relay > 0
      ? ok(
          relay === 1 ? 'One process delivers Acuity’s events' : `${relay} processes deliver Acuity’s events`,
        )
      : wrong(
          'No process delivers Acuity’s events',
          'They are kept; what they tell is seen by the reconciliation only, up to 15 minutes late.',
          {
            text: 'Start the relay, or set RUN_RELAY=true where jobs are worked',
            command: commandLine('relay'),
          },
        ),
  ];
}
