// Who changed a record last.
import type { Database } from '../db/knex.ts';
import type { AuditAction } from './audit.ts';

const changes: AuditAction[] = [
  'record.changed',
  'booking.edited',
  'booking.rescheduled',
  'booking.cancelled',
  'booking.progressed',
];

/** Null when no person made the change, or when it is unknown. */
export async function whoChanged(db: Database, id: string): Promise<{ id: string; name: string } | null> {
  const last = await db('audit_log as a')
    .leftJoin('users as u', 'u.id', 'a.actor_id')
    .where('a.resource_id', id)
    .whereIn('a.action', changes)
    .orderBy([
      { column: 'a.at', order: 'desc' },
      { column: 'a.id', order: 'desc' },
    ])
    .first<{ id: string | null; name: string | null } | undefined>('u.id', 'u.name');
  return last?.id && last.name ? { id: last.id, name: last.name } : null;
}
