// What an admin can change of a specialist. The calendar and its zone come from Acuity.
import { auditActor, mayAdminister, type Actor } from '../accounts/index.ts';
import type { AuditLog } from '../audit/index.ts';
import type { Tables } from 'knex/types/tables.js';
import type { Database, Transaction } from '../db/knex.ts';
import { failure, ok, type Result } from '../lib/result.ts';

export interface SpecialistEdit {
  name: string;
  title: string | null;
  specialty: string;
  location: string | null;
  qualifications: string | null;
  /** Separated by commas. */
  languages: string | null;
  /** One a line. */
  examines: string | null;
  /** Until the report; shown until enough reports tell. */
  reportDays: number | null;
  position: number;
  isActive: boolean;
}

export type SpecialistEditFailure =
  | { reason: 'not_found' }
  | { reason: 'forbidden' }
  | { reason: 'invalid'; errors: { path: keyof SpecialistEdit; message: string }[] }
  /** Somebody else changed the specialist since it was read. */
  | { reason: 'stale'; current: SpecialistEdit & { updatedAt: Date } };

/** `seen`: the specialist's `updated_at` as it was shown. */
export async function editSpecialist(
  { db, audit }: { db: Database; audit: AuditLog },
  actor: Actor,
  id: string,
  seen: Date,
  edit: SpecialistEdit,
): Promise<Result<null, SpecialistEditFailure>> {
  if (!mayAdminister(actor.viewer)) return failure({ reason: 'forbidden' });
  return db.transaction(async (trx): Promise<Result<null, SpecialistEditFailure>> => {
    const row = await trx('specialists').where({ id }).forUpdate().first();
    if (!row) return failure({ reason: 'not_found' });
    if (row.updated_at.getTime() !== seen.getTime()) {
      return failure({ reason: 'stale', current: { ...editOf(row), updatedAt: row.updated_at } });
    }
    if (edit.location === null && row.location !== null && (await isVisited(trx, id)))
      return failure(placeMissing);
    const wanted = columnsOf(edit);
    const columns = (Object.keys(wanted) as (keyof typeof wanted)[]).filter(
      (name) => wanted[name] !== row[name],
    );
    if (columns.length === 0) return ok(null);
    await trx('specialists').where({ id }).update(wanted);
    await audit.record(trx, auditActor(actor), {
      action: 'record.changed',
      resourceType: 'specialist',
      resourceId: id,
      metadata: { columns },
    });
    return ok(null);
  });
}

function editOf(row: Tables['specialists']): SpecialistEdit {
  return {
    name: row.name,
    title: row.title,
    specialty: row.specialty,
    location: row.location,
    qualifications: row.qualifications,
    languages: row.languages,
    examines: row.examines,
    reportDays: row.report_days,
    position: row.position,
    isActive: row.is_active,
  };
}

export function columnsOf({ isActive, reportDays, ...rest }: SpecialistEdit) {
  return { ...rest, report_days: reportDays, is_active: isActive };
}

const placeMissing: SpecialistEditFailure = {
  reason: 'invalid',
  errors: [
    {
      path: 'location',
      message: 'Enter where examinations in person take place, or stop offering them under Services first',
    },
  ],
};

/** Changing the services locks the same row of the specialist. */
async function isVisited(trx: Transaction, id: string): Promise<boolean> {
  const found: unknown = await trx('specialist_services')
    .where({ specialist_id: id, type: 'in_person' })
    .first('type');
  return found !== undefined;
}
