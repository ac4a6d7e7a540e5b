// The nightly file check: compares rows of `documents` with the objects in the store. It repairs what is safe and
// deletes nothing, because the bucket may be current while the database was restored from a backup.
import { systemActor } from '../audit/index.ts';
import type { RowOf } from '../db/rows.ts';
import { freeBlock } from '../lib/blocks.ts';
import { ObjectStoreUnavailable, type ObjectFacts } from '../ports/object-store.ts';
import { timingsOf, type DocumentDeps } from './document.deps.ts';
import { objectName, pendingKey, storedPrefix, strayKey } from './document.keys.ts';
import { checkedContent, DocumentDamaged, wholeRange } from './document.open.ts';
import { knownKeys } from './document.repository.ts';

export interface CustodyFinding {
  kind: 'object_without_row' | 'row_without_object' | 'damaged' | 'unreadable';
  documentId?: string;
  key: string;
  /** Moved to `strays/`, put back, or found undamaged again. */
  repaired: boolean;
}

/** SQL: how many findings of a report are not repaired. */
export const countUnrepaired = (alias: string): string =>
  `(select count(*)::int from jsonb_array_elements(${alias}.findings) f where not (f ->> 'repaired')::boolean)`;

export interface CustodyReport {
  id: string;
  startedAt: Date;
  finishedAt: Date;
  rowsChecked: number;
  objectsChecked: number;
  findings: CustodyFinding[];
}

export interface Inventory {
  /** Objects without a row, uploaded since the backup. The nightly file check moves them to `strays/`. */
  unknown: ObjectFacts[];
  /** Documents whose object is absent or has another length. */
  missing: { documentId: string; bookingId: string }[];
}

type StoredRow = Pick<RowOf<'documents'>, 'id' | 's3_key' | 'size_bytes' | 'damaged_at'>;

const pageRows = 1_000;

export async function checkCustody(deps: DocumentDeps): Promise<CustodyReport> {
  const startedAt = deps.clock.now();
  const findings: CustodyFinding[] = [];
  const rows = storedRows(deps);
  const objects = deps.store.list(storedPrefix)[Symbol.asyncIterator]();
  let [row, object] = [await rows.next(), await objects.next()];
  let [rowsChecked, objectsChecked] = [0, 0];
  const add = (finding: CustodyFinding | null) => {
    if (finding) findings.push(finding);
  };
  // Both are sorted by key, so one pass compares them.
  while (!row.done || !object.done) {
    const order = row.done ? 1 : object.done ? -1 : compare(row.value.s3_key, object.value.key);
    const [kept, found] = [
      order > 0 || row.done ? null : row.value,
      order < 0 || object.done ? null : object.value,
    ];
    add(await checkOne(deps, kept, found));
    if (order <= 0) {
      rowsChecked += 1;
      row = await rows.next();
    }
    if (order >= 0) {
      objectsChecked += 1;
      object = await objects.next();
    }
  }
  return report(deps, { startedAt, rowsChecked, objectsChecked, findings });
}

/** An object that cannot be read is a finding, and the check continues; an unreachable store ends it. */
async function checkOne(
  deps: DocumentDeps,
  row: StoredRow | null,
  object: ObjectFacts | null,
): Promise<CustodyFinding | null> {
  try {
    if (row) return await (object ? checkPair(deps, row, object) : checkLoneRow(deps, row));
    return object && (await checkLoneObject(deps, object));
  } catch (error) {
    if (!(error instanceof ObjectStoreUnavailable)) throw error;
    await deps.store.ping();
    const key = row?.s3_key ?? object?.key ?? '';
    return { kind: 'unreadable', ...(row && { documentId: row.id }), key, repaired: false };
  }
}

async function* storedRows({ db }: DocumentDeps): AsyncGenerator<StoredRow, undefined> {
  let after = '';
  for (;;) {
    const page: StoredRow[] = await db('documents')
      .whereNull('object_removed_at')
      .whereRaw('s3_key collate "C" > ?', [after])
      .orderByRaw('s3_key collate "C"')
      .limit(pageRows)
      .select('id', 's3_key', 'size_bytes', 'damaged_at');
    yield* page;
    const last = page.at(-1);
    if (page.length < pageRows || !last) return;
    after = last.s3_key;
  }
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** Reads the bytes only when there is a doubt, because each download checks them anyway. */
async function checkPair(
  deps: DocumentDeps,
  row: StoredRow,
  object: ObjectFacts,
): Promise<CustodyFinding | null> {
  if (object.size === row.size_bytes && row.damaged_at === null) return null;
  // An object that is too long begins with the right bytes and is still not what was stored.
  const isWhole = (await isIntact(deps, row)) && object.size === row.size_bytes;
  if (isWhole) await clearDamage(deps, row, 'found whole again');
  return { kind: 'damaged', documentId: row.id, key: row.s3_key, repaired: isWhole };
}

async function checkLoneRow(deps: DocumentDeps, row: StoredRow): Promise<CustodyFinding | null> {
  // The document was uploaded after the objects were listed, or retention has removed the object since.
  const still = await deps.db('documents').where({ id: row.id }).whereNull('object_removed_at').first('id');
  if (!still || (await deps.store.head(row.s3_key))) return null;
  const name = objectName(row.s3_key);
  for (const elsewhere of [strayKey(name), pendingKey(name)]) {
    if (!(await deps.store.copy(elsewhere, row.s3_key))) continue;
    if (await isIntact(deps, row)) {
      await deps.store.remove([elsewhere]);
      await clearDamage(deps, row, 'put back');
      return { kind: 'row_without_object', documentId: row.id, key: row.s3_key, repaired: true };
    }
  }
  await isIntact(deps, row);
  return { kind: 'row_without_object', documentId: row.id, key: row.s3_key, repaired: false };
}

async function checkLoneObject(
  deps: DocumentDeps,
  { key, lastModified }: ObjectFacts,
): Promise<CustodyFinding | null> {
  // An upload may have copied its object and not yet written its row.
  if (lastModified.getTime() > deps.clock.now().getTime() - timingsOf(deps).abandonedMs) return null;
  if (await removeAgain(deps, key)) return null;
  if ((await knownKeys(deps.db, [key])).has(key)) return null;
  const name = objectName(key);
  // If `pending/` has an object of the same name, a process died during the upload, and the sweep removes both.
  if (await deps.store.head(pendingKey(name))) return null;
  if (await deps.store.copy(key, strayKey(name))) await deps.store.remove([key]);
  return { kind: 'object_without_row', key, repaired: true };
}

/** Removes an object that retention had removed before, and that came back, for example with a restored bucket. */
async function removeAgain({ db, store }: DocumentDeps, key: string): Promise<boolean> {
  const row = await db('documents').where({ s3_key: key }).whereNotNull('object_removed_at').first('id');
  if (row) await store.remove([key]);
  return row !== undefined;
}

/** Reads the whole object. Raises the alarm when a byte is wrong. */
async function isIntact(deps: DocumentDeps, row: StoredRow): Promise<boolean> {
  const document = { id: row.id, sizeBytes: row.size_bytes, damagedAt: row.damaged_at };
  try {
    for await (const piece of checkedContent(deps, document, wholeRange(document))) freeBlock(piece);
    return true;
  } catch (error) {
    if (error instanceof DocumentDamaged) return false;
    throw error;
  }
}

async function clearDamage(deps: DocumentDeps, row: StoredRow, how: string): Promise<void> {
  await deps.db.transaction(async (trx) => {
    await trx('documents').where({ id: row.id }).update({ damaged_at: null });
    await deps.audit.record(trx, systemActor, {
      action: 'drift.fixed',
      resourceType: 'document',
      resourceId: row.id,
      metadata: { how },
    });
  });
}

const overdueMs = 36 * 3_600_000;

/** Raises the alarm when no file check has finished for 36 hours. */
export async function watchCustody({ db, clock, log }: DocumentDeps): Promise<void> {
  const { rows } = await db.raw<{ rows: { since: Date | null }[] }>(`
    select coalesce((select max(finished_at) from custody_reports), (select min(created_at) from documents)) as since
  `);
  const since = rows[0]?.since;
  if (!since || clock.now().getTime() - since.getTime() < overdueMs) return;
  log.error(
    { since, alarm: 'custody_overdue' },
    'The file check is overdue: documents and objects have not been compared',
  );
}

async function report(
  deps: DocumentDeps,
  found: Omit<CustodyReport, 'id' | 'finishedAt'>,
): Promise<CustodyReport> {
  const saved = { ...found, id: deps.ids.uuid(), finishedAt: deps.clock.now() };
  await deps.db('custody_reports').insert({
    id: saved.id,
    started_at: saved.startedAt,
    finished_at: saved.finishedAt,
    rows_checked: saved.rowsChecked,
    objects_checked: saved.objectsChecked,
    findings: JSON.stringify(saved.findings),
  });
  const open = saved.findings.filter(({ repaired }) => !repaired).length;
  const facts = { reportId: saved.id, findings: saved.findings.length, open };
  if (open > 0) deps.log.error({ ...facts, alarm: 'custody' }, 'Documents and objects do not agree');
  else if (facts.findings > 0) deps.log.warn(facts, 'Documents and objects did not agree, and were repaired');
  return saved;
}

/** Compares rows with objects and changes neither: for an operator who restored one of the two. */
export async function takeInventory(deps: Pick<DocumentDeps, 'db' | 'store'>): Promise<Inventory> {
  const sizes = new Map<string, number>();
  const unknown: ObjectFacts[] = [];
  let page: ObjectFacts[] = [];
  const checkPage = async () => {
    const keys = page.map(({ key }) => key);
    const known = await knownKeys(deps.db, keys);
    for (const object of page)
      if (known.has(object.key)) sizes.set(object.key, object.size);
      else unknown.push(object);
    page = [];
  };
  for await (const object of deps.store.list(storedPrefix)) {
    page.push(object);
    if (page.length === pageRows) await checkPage();
  }
  await checkPage();
  const rows = await deps
    .db('documents')
    .whereNull('object_removed_at')
    .orderBy('created_at')
    .select('id', 'booking_id', 's3_key', 'size_bytes');
  const missing = rows
    .filter((row) => sizes.get(row.s3_key) !== row.size_bytes)
    .map((row) => ({ documentId: row.id, bookingId: row.booking_id }));
  return { unknown, missing };
}
