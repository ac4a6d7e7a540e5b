import { createHash } from 'node:crypto';
import type { Queryable, Transaction } from '../db/knex.ts';
import type { RowOf } from '../db/rows.ts';
import type { KeyedDigests } from '../lib/keyed-digests.ts';
import type { ImportKind, ImportRun, RecordCounts, RecordType } from './import.ts';

export interface NewRecord {
  id: string;
  importId: string;
  type: RecordType;
  recordId: string;
  effect: 'made' | 'changed';
  appointmentId?: number;
  before?: Record<string, unknown>;
  after?: Record<string, unknown>;
}

export interface ImportRecord extends Required<Omit<NewRecord, 'appointmentId'>> {
  createdAt: Date;
}

/** Call it in the transaction of the change: an interrupted import still knows everything it did. */
export async function insertRecord(trx: Transaction, record: NewRecord): Promise<void> {
  await trx('import_records').insert({
    id: record.id,
    import_id: record.importId,
    record_type: record.type,
    record_id: record.recordId,
    effect: record.effect,
    acuity_appointment_id: record.appointmentId ?? null,
    before: JSON.stringify(record.before ?? {}),
    after: JSON.stringify(record.after ?? {}),
  });
}

/** Identifies the request: commands with the same digest continue the same import. Stored keyed (keyed-digests.ts). */
export function requestDigest(kind: ImportKind, options: object, content: Uint8Array | null): string {
  const hash = createHash('sha256').update(JSON.stringify([kind, options]));
  if (content) hash.update(content);
  return hash.digest('base64url');
}

/**
 * The run that this request continues, or a new one. Call it while no other import can run: a run in the state `running`
 * then has no process.
 */
export async function beginRun(
  trx: Transaction,
  run: { id: string; kind: ImportKind; digest: string; options: object },
  digests: KeyedDigests,
): Promise<{ id: string; isContinued: boolean }> {
  const [left] = await trx('imports')
    .whereIn('request_digest', digests.all(run.digest))
    .whereIn('state', ['running', 'interrupted', 'failed'])
    .orderBy('started_at', 'desc')
    .limit(1)
    .update({ state: 'running', finished_at: null })
    .returning('id');
  await trx('imports')
    .where({ state: 'running' })
    .whereNot({ id: left?.id ?? run.id })
    .update({ state: 'interrupted' });
  if (left) return { id: left.id, isContinued: true };
  await trx('imports').insert({
    id: run.id,
    kind: run.kind,
    request_digest: digests.of(run.digest),
    options: JSON.stringify(run.options),
  });
  return { id: run.id, isContinued: false };
}

export async function endRun(
  trx: Transaction,
  id: string,
  end: { state: 'done' | 'failed' | 'undone'; matched?: number; left?: number },
): Promise<void> {
  await trx('imports')
    .where({ id })
    .update({
      state: end.state,
      ...(end.state === 'undone'
        ? { undone_at: trx.raw('clock_timestamp()') }
        : { finished_at: trx.raw('clock_timestamp()') }),
      ...(end.matched !== undefined && { matched: end.matched }),
      ...(end.left !== undefined && { left_out: end.left }),
    });
}

type RunRow = RowOf<'imports', { options: Record<string, unknown>; made: RecordCounts }> & {
  taken_back: number;
};

function selectRuns(db: Queryable) {
  const count = (which: string, name: string) =>
    db.raw(`(select count(*)::int from import_records r where r.import_id = i.id and ${which}) as ${name}`);
  return db('imports as i').select<RunRow[]>(
    'i.*',
    db.raw(
      `(select jsonb_build_object('organization', count(*) filter (where r.record_type = 'organization'),
          'user', count(*) filter (where r.record_type = 'user'),
          'booking', count(*) filter (where r.record_type = 'booking'))
        from import_records r where r.import_id = i.id and r.effect = 'made') as made`,
    ),
    count(`r.effect = 'changed'`, 'changed'),
    count('r.undone_at is not null', 'taken_back'),
  );
}

function toRun(row: RunRow): ImportRun {
  return {
    id: row.id,
    kind: row.kind,
    options: row.options,
    state: row.state,
    made: row.made,
    changed: row.changed,
    takenBack: row.taken_back,
    matched: row.matched,
    left: row.left_out,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  };
}

export async function findRun(db: Queryable, id: string): Promise<ImportRun | null> {
  const row = await selectRuns(db).where('i.id', id).first();
  return row ? toRun(row) : null;
}

/** Newest first. */
export async function listRuns(db: Queryable): Promise<ImportRun[]> {
  const rows = await selectRuns(db).orderBy([
    { column: 'i.started_at', order: 'desc' },
    { column: 'i.id', order: 'desc' },
  ]);
  return rows.map(toRun);
}

type RecordRow = RowOf<'import_records', { before: Record<string, unknown>; after: Record<string, unknown> }>;

/** Records not taken back yet, newest first, after the given one. */
export async function recordsToTakeBack(
  db: Queryable,
  importId: string,
  after: ImportRecord | null,
  limit: number,
): Promise<ImportRecord[]> {
  const query = db('import_records').where({ import_id: importId }).whereNull('undone_at');
  if (after)
    void query.whereRaw('(created_at, id) < (select created_at, id from import_records where id = ?)', [
      after.id,
    ]);
  const rows = await query
    .orderBy([
      { column: 'created_at', order: 'desc' },
      { column: 'id', order: 'desc' },
    ])
    .limit(limit)
    .select<RecordRow[]>('*');
  return rows.map((row) => ({
    id: row.id,
    importId: row.import_id,
    type: row.record_type,
    recordId: row.record_id,
    effect: row.effect,
    before: row.before,
    after: row.after,
    createdAt: row.created_at,
  }));
}

export async function markTakenBack(trx: Transaction, id: string): Promise<void> {
  await trx('import_records')
    .where({ id })
    .update({ undone_at: trx.raw('clock_timestamp()'), left_reason: null });
}

export async function markLeft(db: Queryable, id: string, reason: string): Promise<void> {
  await db('import_records').where({ id }).update({ left_reason: reason });
}

/**
 * After an undo restored a booking to what an earlier import had written: its version is higher now, so the earlier
 * import's record gets the new version.
 */
export async function followVersion(
  trx: Transaction,
  bookingId: string,
  version: { from: number; to: number },
): Promise<void> {
  await trx('import_records')
    .where({ record_id: bookingId })
    .whereNull('undone_at')
    .whereRaw(`after ->> 'version' = ?`, [String(version.from)])
    .update({ after: trx.raw('after || ?::jsonb', [JSON.stringify({ version: version.to })]) });
}
