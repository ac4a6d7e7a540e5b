// The log's proof: a chain of keyed digests over its rows. The key is not in the database, so whoever owns the
// database alone can neither change a sealed row nor forge the seals to fit.
import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { inTransaction } from '../db/transaction.ts';
import type { Database, Queryable, Transaction } from '../db/knex.ts';
import type { Keyring } from '../lib/keyring.ts';
import type { JobDefinition } from '../ports/job-queue.ts';

export const sealAuditJob: JobDefinition<Record<string, never>> = {
  name: 'seal_audit',
  payload: z.object({}),
};

export interface AuditSeal {
  id: number;
  sealed_at: Date;
  from_id: number;
  to_id: number;
  row_count: number;
  key_id: string;
  digest: Buffer;
}

export type SealFault = 'changed' | 'missing_rows' | 'extra_rows' | 'unknown_key' | 'gap';

export interface AuditVerdict {
  /** Seals that were looked at, and the rows below them. */
  seals: number;
  rows: number;
  /** Rows after the last seal, which no seal proves yet. */
  unsealed: number;
  faults: { seal: number; fromId: number; toId: number; fault: SealFault }[];
}

const batch = 5_000;
const lockKey = 'audit-seals';

/** Seals the rows that are final. @returns how many; 0 when there is nothing new, or another process is sealing */
export async function sealAudit(db: Database, keyring: Keyring, patienceMs = 10_000): Promise<number> {
  const upTo = await finalId(db, patienceMs);
  if (upTo === null) return 0;
  return db.transaction(async (trx) => {
    const { rows } = await trx.raw<{ rows: { free: boolean }[] }>(
      'select pg_try_advisory_xact_lock(hashtext(?)) as free',
      [lockKey],
    );
    if (!rows[0]?.free) return 0;
    const last = await trx<AuditSeal>('audit_seals').orderBy('id', 'desc').first();
    const fromId = last?.to_id ?? 0;
    const { id, key } = keyring.current;
    const { digest, count } = await digestOf(trx, key, last?.digest ?? null, fromId, upTo);
    if (count === 0) return 0;
    await trx('audit_seals').insert({ from_id: fromId, to_id: upTo, row_count: count, key_id: id, digest });
    return count;
  });
}

/** How many connections read at once. Nearly all of the time PostgreSQL is writing the rows as text. */
const readers = 2;

/** Computes every seal again from the stored rows. Takes as many connections as there are `readers`. */
export async function verifyAudit(
  db: Database,
  keyring: Keyring,
  onProgress: (rows: number, of: number) => void = () => undefined,
): Promise<AuditVerdict> {
  return inOneSnapshot(db, readers, async ([trx, ...others]) => {
    const seals = await trx<AuditSeal>('audit_seals').orderBy('id');
    const total = seals.reduce((sum, seal) => sum + seal.row_count, 0);
    const verdict: AuditVerdict = { seals: seals.length, rows: 0, unsealed: 0, faults: [] };
    let next = 0;
    // Each seal is computed from the stored digest of the one before, so seals can be checked in any order.
    const verifyInTurn = async (reader: Transaction) => {
      for (let at = next++; at < seals.length; at = next++) {
        const seal = seals[at] as AuditSeal;
        const fault = await faultOf(reader, keyring, seal, seals[at - 1] ?? null);
        if (fault) verdict.faults.push({ seal: seal.id, fromId: seal.from_id, toId: seal.to_id, fault });
        verdict.rows += seal.row_count;
        onProgress(verdict.rows, total);
      }
    };
    await Promise.all([trx, ...others].map(verifyInTurn));
    verdict.faults.sort((one, other) => one.seal - other.seal);
    const [young] = await trx('audit_log')
      .where('id', '>', seals.at(-1)?.to_id ?? 0)
      .count({ n: '*' });
    verdict.unsealed = Number(young?.n ?? 0);
    return verdict;
  });
}

/** One snapshot for several transactions: rows that are added meanwhile must not seem to be forged. */
function inOneSnapshot<T>(
  db: Database,
  count: number,
  work: (transactions: [Transaction, ...Transaction[]]) => Promise<T>,
): Promise<T> {
  const begin = 'set transaction isolation level repeatable read, read only';
  const open = (snapshot: string, opened: [Transaction, ...Transaction[]]): Promise<T> =>
    opened.length === count
      ? work(opened)
      : db.transaction(async (trx) => {
          await trx.raw(begin);
          await trx.raw(`set transaction snapshot '${snapshot}'`);
          return open(snapshot, [...opened, trx]);
        });
  return db.transaction(async (trx) => {
    await trx.raw(begin);
    const { rows } = await trx.raw<{ rows: { snapshot: string }[] }>(
      'select pg_export_snapshot() as snapshot',
    );
    return open(rows[0]?.snapshot ?? '', [trx]);
  });
}

export interface RecentSeals {
  /** Null: nothing was ever sealed. */
  lastSealedAt: Date | null;
  /** Since when the oldest unsealed row waits; null when all are sealed. */
  unsealedSince: Date | null;
  /** Whether the key of the last seal is known. */
  hasKey: boolean;
  /** Rows that were compared with their seals. */
  rows: number;
  faults: AuditVerdict['faults'];
}

/** Checks only the newest seals: at least one, and not more than cover `maxRows` rows. */
export function verifyRecentSeals(db: Queryable, keyring: Keyring, maxRows = 20_000): Promise<RecentSeals> {
  return inTransaction(db, async (trx) => {
    await trx.raw('set transaction isolation level repeatable read, read only');
    const newest = await trx<AuditSeal>('audit_seals').orderBy('id', 'desc').limit(201);
    const [last] = newest;
    const found: RecentSeals = {
      lastSealedAt: last?.sealed_at ?? null,
      unsealedSince: await oldestAfter(trx, last?.to_id ?? 0),
      hasKey: last === undefined || keyring.find(last.key_id) !== null,
      rows: 0,
      faults: [],
    };
    for (const [index, seal] of newest.slice(0, 200).entries()) {
      if (index > 0 && found.rows + seal.row_count > maxRows) break;
      const fault = await faultOf(trx, keyring, seal, newest[index + 1] ?? null);
      if (fault) found.faults.push({ seal: seal.id, fromId: seal.from_id, toId: seal.to_id, fault });
      found.rows += seal.row_count;
    }
    return found;
  });
}

async function oldestAfter(trx: Transaction, id: number): Promise<Date | null> {
  const row = await trx('audit_log').where('id', '>', id).orderBy('id').first('at');
  return row?.at ?? null;
}

async function faultOf(
  trx: Transaction,
  keyring: Keyring,
  seal: AuditSeal,
  before: AuditSeal | null,
): Promise<SealFault | null> {
  if (seal.from_id !== (before?.to_id ?? 0)) return 'gap';
  const key = keyring.find(seal.key_id);
  if (!key) return 'unknown_key';
  const { digest, count } = await digestOf(trx, key, before?.digest ?? null, seal.from_id, seal.to_id);
  if (count < seal.row_count) return 'missing_rows';
  if (count > seal.row_count) return 'extra_rows';
  return digest.equals(seal.digest) ? null : 'changed';
}

async function digestOf(
  trx: Transaction,
  key: Buffer,
  before: Buffer | null,
  fromId: number,
  toId: number,
): Promise<{ digest: Buffer; count: number }> {
  const hmac = createHmac('sha256', key).update(before ?? Buffer.alloc(32));
  let count = 0;
  for (let after = fromId; ; ) {
    const read = await readTexts(trx, after, toId);
    if (read.text !== null) hmac.update(read.text);
    count += read.count;
    if (read.last === null || read.count < batch) return { digest: hmac.digest(), count };
    after = read.last;
  }
}

/**
 * SQL: a line of text for each row. Columns are named and times are in microseconds, so that neither a new column nor a
 * session's time zone changes a digest. The server joins the lines, because reading a row for each would take this process
 * as long as the server needs for the text.
 */
async function readTexts(
  trx: Transaction,
  after: number,
  toId: number,
): Promise<{ text: string | null; count: number; last: number | null }> {
  const { rows } = await trx.raw<{ rows: { text: string | null; count: number; last: number | null }[] }>(
    `select string_agg(line, '' order by id) as text, count(*) as count, max(id) as last
     from (
       select id, json_build_array(id, (extract(epoch from at) * 1000000)::bigint, actor_id, acting_as_id, action,
                resource_type, resource_id, outcome, metadata, ip, user_agent, request_id)::text || chr(10) as line
       from audit_log where id > ? and id <= ? order by id limit ?) lines`,
    [after, toId, batch],
  );
  return rows[0] ?? { text: null, count: 0, last: null };
}

/**
 * The newest id below which no row can appear any more. A row gets its id before its transaction commits, so an id is final
 * once every transaction that was running when the id was seen has ended. Null when one runs for too long.
 */
async function finalId(db: Database, patienceMs: number): Promise<number | null> {
  const { rows } = await db.raw<{ rows: { id: number | null; horizon: string }[] }>(
    `select (select max(id) from audit_log) as id, pg_snapshot_xmax(pg_current_snapshot())::text as horizon`,
  );
  const [seen] = rows;
  if (seen?.id == null) return null;
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const { rows: now } = await db.raw<{ rows: { over: boolean }[] }>(
      'select pg_snapshot_xmin(pg_current_snapshot()) >= ?::xid8 as over',
      [seen.horizon],
    );
    if (now[0]?.over) return seen.id;
    if (performance.now() > deadline) return null;
    await sleep(100);
  }
}
