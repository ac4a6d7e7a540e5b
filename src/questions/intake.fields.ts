import type { Queryable } from '../db/knex.ts';

export interface IntakeSettings {
  /** ACUITY_REFERENCE_FIELD_ID: overrides the row `reference`. */
  referenceFieldId?: number | undefined;
}

/** Which Acuity field holds which of our details: detail name → field id. */
export async function readIntakeFields(
  db: Queryable,
  settings: IntakeSettings,
): Promise<Map<string, number>> {
  const fields = await readMapping(db);
  if (settings.referenceFieldId) fields.set('reference', settings.referenceFieldId);
  return fields;
}

/** As an admin saved it, without the configuration's override of the reference. */
export async function readMapping(db: Queryable): Promise<Map<string, number>> {
  const rows = await db('intake_fields').select<{ name: string; acuity_field_id: number }[]>('*');
  return new Map(rows.map((row) => [row.name, row.acuity_field_id]));
}
