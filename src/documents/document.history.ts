import type { Actor } from '../accounts/index.ts';
import type { DocumentDeps } from './document.deps.ts';
import { findVisibleDocument } from './document.open.ts';
import type { DocumentEvent } from './document.service.ts';

interface EventRow {
  action: string;
  at: Date;
  purpose: string | null;
  by_id: string | null;
  by_name: string | null;
  admin_id: string | null;
  admin_name: string | null;
}

/** Read from the audit log: the chain of custody of one document. */
export async function historyOf(
  deps: Pick<DocumentDeps, 'db' | 'audit'>,
  actor: Actor,
  id: string,
): Promise<DocumentEvent[] | null> {
  const document = await findVisibleDocument(deps, actor, id);
  if (!document) return null;
  const rows = await deps
    .db('audit_log as a')
    // While acting, the referrer is whose doing it is, and the actor the admin at the keyboard.
    .leftJoin('users as by', (join) => join.on(deps.db.raw('by.id = coalesce(a.acting_as_id, a.actor_id)')))
    .leftJoin('users as admin', (join) =>
      join.on(deps.db.raw('admin.id = a.actor_id and a.acting_as_id is not null')),
    )
    .where({ resource_type: 'document', resource_id: document.id })
    .whereIn('action', ['document.uploaded', 'document.downloaded', 'drift.found'])
    // What was refused, because it was damaged, nobody has seen.
    .whereRaw(`(action = 'drift.found' or outcome = 'success')`)
    .orderBy('a.id')
    .select<EventRow[]>(
      'a.action',
      'a.at',
      deps.db.raw(`a.metadata ->> 'purpose' as purpose`),
      'by.id as by_id',
      'by.name as by_name',
      'admin.id as admin_id',
      'admin.name as admin_name',
    );
  return rows.map((row) => ({
    what: whatOf(row),
    at: row.at,
    by: named(row.by_id, row.by_name),
    actingAdmin: named(row.admin_id, row.admin_name),
  }));
}

function whatOf({ action, purpose }: EventRow): DocumentEvent['what'] {
  if (action === 'document.uploaded') return 'uploaded';
  if (action === 'drift.found') return 'found_damaged';
  return purpose === 'view' ? 'viewed' : 'downloaded';
}

function named(id: string | null, name: string | null): { id: string; name: string } | null {
  return id === null ? null : { id, name: name ?? '' };
}
