// One import at a time, from its beginning to its end, whatever dies on the way.
import { systemActor, type AuditLog } from '../audit/index.ts';
import type { Database } from '../db/knex.ts';
import type { Ids } from '../ports/ids.ts';
import type { Ended, ImportKind, Listener, Outcome, ReportLine, Totals } from './import.ts';
import { beginRun, endRun, requestDigest } from './import.repository.ts';

export interface RunDeps {
  db: Database;
  audit: AuditLog;
  ids: Ids;
}

export interface Request {
  kind: ImportKind;
  options: Record<string, unknown>;
  /** Of the file; null where none is read. */
  content: Uint8Array | null;
  /** False: a dry run, which writes nothing. */
  applies: boolean;
}

/** Acuity did not answer: what is done stays, and the same command goes on. */
export class AcuityUnavailable extends Error {
  override name = 'AcuityUnavailable';
}

const lock = `hashtextextended('imports', 0)`;

/** Null when another import is under way. The lock ends with the connection, so with the process that dies. */
export async function alone<T>(db: Database, work: () => Promise<T>): Promise<T | null> {
  const client = db.client as {
    acquireConnection(): Promise<unknown>;
    releaseConnection(connection: unknown): Promise<void>;
  };
  const connection = await client.acquireConnection();
  const ask = async (question: string) => {
    const { rows } = await db
      .raw<{ rows: [{ answer: boolean }] }>(`select ${question}(${lock}) as answer`)
      .connection(connection);
    return rows[0].answer;
  };
  try {
    if (!(await ask('pg_try_advisory_lock'))) return null;
    try {
      return await work();
    } finally {
      await ask('pg_advisory_unlock');
    }
  } finally {
    await client.releaseConnection(connection);
  }
}

/** @param work gets the import's id; null in a dry run */
export async function runImport(
  deps: RunDeps,
  request: Request,
  listener: Listener,
  work: (importId: string | null, listener: Listener) => Promise<{ invited: number }>,
): Promise<Ended> {
  const totals: Totals = { made: 0, changed: 0, matched: 0, left: 0, bad: 0 };
  const counting: Listener = {
    line(line: ReportLine) {
      totals[line.outcome satisfies Outcome] += 1;
      listener.line(line);
    },
    progress: (done, of) => listener.progress(done, of),
  };
  const ended = await alone(deps.db, async (): Promise<Ended> => {
    const importId = request.applies ? await begin(deps, request) : null;
    try {
      const { invited } = await work(importId, counting);
      if (importId) await end(deps, importId, 'done', totals);
      return { ok: true, importId, totals, invited };
    } catch (error) {
      if (importId) await end(deps, importId, 'failed', totals);
      if (!(error instanceof AcuityUnavailable)) throw error;
      return { ok: false, reason: 'acuity', importId, error: error.message, totals };
    }
  });
  return ended ?? { ok: false, reason: 'another_is_running' };
}

async function begin(deps: RunDeps, { kind, options, content }: Request): Promise<string> {
  return deps.db.transaction(async (trx) => {
    const digest = requestDigest(kind, options, content);
    const { id, isContinued } = await beginRun(trx, { id: deps.ids.uuid(), kind, digest, options });
    await deps.audit.record(trx, systemActor, {
      action: 'records.imported',
      resourceType: 'import',
      resourceId: id,
      outcome: 'pending',
      metadata: { kind, isContinued },
    });
    return id;
  });
}

async function end(deps: RunDeps, id: string, state: 'done' | 'failed', totals: Totals): Promise<void> {
  await deps.db.transaction(async (trx) => {
    await endRun(trx, id, { state, matched: totals.matched, left: totals.left + totals.bad });
    await deps.audit.record(trx, systemActor, {
      action: 'records.imported',
      resourceType: 'import',
      resourceId: id,
      outcome: state === 'done' ? 'success' : 'failure',
      metadata: { ...totals },
    });
  });
}
