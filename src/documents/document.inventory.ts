// Rows and objects against each other, without touching either: for whoever restored one of the two.
import type { ObjectFacts } from '../ports/object-store.ts';
import type { DocumentDeps } from './document.deps.ts';
import { storedPrefix } from './document.keys.ts';
import { knownKeys } from './document.repository.ts';

export interface Inventory {
  /** Files that no row speaks of: uploaded since the backup. The nightly look moves them to `strays/`. */
  unknown: ObjectFacts[];
  /** Documents whose bytes are not there, or are not as many as they were. */
  missing: { documentId: string; bookingId: string }[];
}

const atOnce = 1_000;

export async function takeInventory(deps: Pick<DocumentDeps, 'db' | 'store'>): Promise<Inventory> {
  const sizes = new Map<string, number>();
  const unknown: ObjectFacts[] = [];
  let page: ObjectFacts[] = [];
  const look = async () => {
    const keys = page.map(({ key }) => key);
    const known = await knownKeys(deps.db, keys);
    for (const object of page)
      if (known.has(object.key)) sizes.set(object.key, object.size);
      else unknown.push(object);
    page = [];
  };
  for await (const object of deps.store.list(storedPrefix)) {
    page.push(object);
    if (page.length === atOnce) await look();
  }
  await look();
  const rows = (await deps
    .db('documents')
    .whereNull('object_removed_at')
    .orderBy('created_at')
    .select('id', 'booking_id', 's3_key', 'size_bytes')) as {
    id: string;
    booking_id: string;
    s3_key: string;
    size_bytes: number;
  }[];
  const missing = rows
    .filter((row) => sizes.get(row.s3_key) !== row.size_bytes)
    .map((row) => ({ documentId: row.id, bookingId: row.booking_id }));
  return { unknown, missing };
}
