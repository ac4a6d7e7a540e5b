import type { Queryable, Transaction } from '../db/knex.ts';
import type { RowOf } from '../db/rows.ts';
import type { SeenField } from './mapping.ts';

export interface SavedMapping {
  version: number;
  before: Record<string, number>;
  after: Record<string, number>;
  seen: SeenField[];
  savedBy: string;
  savedAt: Date;
}

type MappingRow = RowOf<
  'intake_mappings',
  { before: Record<string, number>; after: Record<string, number>; seen: SeenField[] }
>;

/** Newest first, none older than `since`. */
export async function savedMappings(db: Queryable, since = 0, limit = 100): Promise<SavedMapping[]> {
  const rows = await db('intake_mappings as m')
    .join('users as u', 'u.id', 'm.saved_by_id')
    .where('m.version', '>', since)
    .orderBy('m.version', 'desc')
    .limit(limit)
    .select<(MappingRow & { saved_by: string })[]>(
      'm.version',
      'm.before',
      'm.after',
      'm.seen',
      'm.saved_at',
      'u.name as saved_by',
    );
  return rows.map(({ saved_at, saved_by, ...row }) => ({ ...row, savedBy: saved_by, savedAt: saved_at }));
}

/** Every earlier mapping, newest first, without the current one. */
export async function earlierMappings(db: Queryable): Promise<ReadonlyMap<string, number>[]> {
  const rows = await db('intake_mappings')
    .orderBy('version', 'desc')
    .limit(100)
    .select<Pick<MappingRow, 'before' | 'after'>[]>('before', 'after');
  return rows.flatMap(({ before, after }) => [after, before].map((one) => new Map(Object.entries(one))));
}

/** Serialises saves. Readers do not wait. */
export async function lockMappings(trx: Transaction): Promise<void> {
  await trx.raw('lock table intake_mappings in share row exclusive mode');
}

export async function writeMapping(
  trx: Transaction,
  saved: { version: number; after: ReadonlyMap<string, number>; seen: SeenField[]; savedById: string },
): Promise<void> {
  const before = await readMapping(trx);
  const { version, after, seen, savedById } = saved;
  const given = [...before].filter(([name, id]) => after.get(name) !== id);
  const taken = [...after].filter(([name, id]) => before.get(name) !== id);
  // All deletions before the first insert, so that two details can swap their questions.
  await trx('intake_fields')
    .whereIn(
      'name',
      given.map(([name]) => name),
    )
    .delete();
  if (taken.length > 0)
    await trx('intake_fields').insert(taken.map(([name, id]) => ({ name, acuity_field_id: id })));
  await trx('intake_mappings').insert({
    version,
    before: JSON.stringify(Object.fromEntries(before)),
    after: JSON.stringify(Object.fromEntries(after)),
    seen: JSON.stringify(seen),
    saved_by_id: savedById,
  });
}

export interface IntakeSettings {
  /** ACUITY_REFERENCE_FIELD_ID: overrides the row `reference`. */
  referenceFieldId?: number | undefined;
  /** The mapping as processes keep it in memory (src/db/kept-version.ts); unset: it is read each time. */
  keptMapping?: (() => Promise<ReadonlyMap<string, number>>) | undefined;
}

/** Which Acuity field holds which of our details: detail name → field id. */
export async function readIntakeFields(
  db: Queryable,
  settings: IntakeSettings,
): Promise<Map<string, number>> {
  const fields = new Map(await (settings.keptMapping?.() ?? readMapping(db)));
  if (settings.referenceFieldId) fields.set('reference', settings.referenceFieldId);
  return fields;
}

/** As an admin saved it, without the configuration's override of the reference. */
export async function readMapping(db: Queryable): Promise<Map<string, number>> {
  const rows = await db('intake_fields').select<{ name: string; acuity_field_id: number }[]>('*');
  return new Map(rows.map((row) => [row.name, row.acuity_field_id]));
}
