// Runs one import at a time. A run whose process died is continued by the same command.
import { setTimeout as sleep } from 'node:timers/promises';
import { systemActor, type AuditLog } from '../audit/index.ts';
import type { KeyedDigests } from '../lib/keyed-digests.ts';
import type { Database } from '../db/knex.ts';
import type { AcuityResult } from '../ports/acuity.ts';
import type { Ids } from '../ports/ids.ts';
import type {
  ImportResult,
  ImportKind,
  Listener,
  Outcome,
  RecordCounts,
  ReportLine,
  Totals,
} from './import.ts';
import { beginRun, endRun, requestDigest } from './import.repository.ts';

export interface RunDeps {
  db: Database;
  audit: AuditLog;
  digests: KeyedDigests;
  ids: Ids;
}

export interface Request {
  kind: ImportKind;
  options: Record<string, unknown>;
  /** The content of the file; null when the kind reads none. */
  content: Uint8Array | null;
  /** False: a dry run, which writes nothing. */
  applies: boolean;
}

/** Acuity did not answer. What is imported stays; the same command continues. */
export class AcuityUnavailable extends Error {
  override name = 'AcuityUnavailable';
}

const pausesMs = [500, 2_000, 8_000, 20_000];

/** Reads from Acuity, and waits when it is busy or away. Null: not found. @throws AcuityUnavailable */
export async function readWithRetries<T>(
  read: () => Promise<AcuityResult<T>>,
  pauses: readonly number[] = pausesMs,
): Promise<T | null> {
  for (const pauseMs of [...pauses, null]) {
    const found = await read();
    if (found.ok) return found.value;
    if (found.reason === 'not_found') return null;
    if (!('retryAfterMs' in found) || pauseMs === null) throw new AcuityUnavailable(found.reason);
    await sleep(Math.max(pauseMs, Math.min(found.retryAfterMs, 30_000)));
  }
  throw new AcuityUnavailable('unavailable');
}

const lock = `hashtextextended('imports', 0)`;

/** Null when another import is running. The advisory lock ends with its connection, so also when the process dies. */
export async function withImportLock<T>(db: Database, work: () => Promise<T>): Promise<T | null> {
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
): Promise<ImportResult> {
  const totals: Totals = { made: 0, changed: 0, matched: 0, left: 0, bad: 0 };
  const made: RecordCounts = { organization: 0, user: 0, booking: 0 };
  const counting: Listener = {
    line(line: ReportLine) {
      totals[line.outcome satisfies Outcome] += 1;
      for (const type of line.makes ?? []) made[type] += 1;
      listener.line(line);
    },
    progress: (done, of) => listener.progress(done, of),
  };
  const ended = await withImportLock(deps.db, async (): Promise<ImportResult> => {
    const importId = request.applies ? await begin(deps, request) : null;
    try {
      const { invited } = await work(importId, counting);
      if (importId) await end(deps, importId, 'done', totals);
      return { ok: true, importId, totals, made, invited };
    } catch (error) {
      if (importId) await end(deps, importId, 'failed', totals);
      if (!(error instanceof AcuityUnavailable)) throw error;
      return { ok: false, reason: 'acuity', importId, error: error.message, totals, made };
    }
  });
  return ended ?? { ok: false, reason: 'another_is_running' };
}

async function begin(deps: RunDeps, { kind, options, content }: Request): Promise<string> {
  return deps.db.transaction(async (trx) => {
    const digest = requestDigest(kind, options, content);
    const { id, isContinued } = await beginRun(
      trx,
      { id: deps.ids.uuid(), kind, digest, options },
      deps.digests,
    );
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
