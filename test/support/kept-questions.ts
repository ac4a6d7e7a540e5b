// What the app keeps of Acuity's questions, put back for the next test of a file.
import { intakeFields } from '../../seeds/demo/intake.ts';
import type { Database } from '../../src/db/knex.ts';

/** As when the forms were never read. */
export async function forgetForms(db: Database): Promise<void> {
  await db('acuity_forms').update({ forms: null, read_at: null, failed_at: null, reading_until: null });
}

/** As when nobody has saved a mapping: the seeds' one. */
export async function forgetMappings(db: Database): Promise<void> {
  await db('intake_mappings').delete();
  await db('intake_fields').delete();
  const seeded = Object.entries(intakeFields).map(([name, id]) => ({ name, acuity_field_id: id }));
  await db('intake_fields').insert(seeded);
}
