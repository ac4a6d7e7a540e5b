import { isStaff, type Actor } from '../accounts/index.ts';
import type { Queryable } from '../db/knex.ts';
import type { DocumentDeps } from './document.deps.ts';
import { findVisibleDocument } from './document.open.ts';

export interface DocumentEvent {
  what: 'uploaded' | 'downloaded' | 'viewed' | 'found_damaged' | 'released' | 'recalled' | 'category_changed';
  at: Date;
  by: { id: string; name: string; isStaff: boolean } | null;
  /** The admin who was acting as `by`. */
  actingAdmin: { id: string; name: string } | null;
  /** Who was told of a release. A referrer gets only members of their own organisation. */
  told: { id: string; name: string }[];
  /** Whether referrers could see the report at that time. */
  whileReleased: boolean;
}

interface EventRow {
  action: string;
  at: Date;
  purpose: string | null;
  recipients: string[] | null;
  by_id: string | null;
  by_name: string | null;
  by_role: string | null;
  admin_id: string | null;
  admin_name: string | null;
}

const actions = [
  'document.uploaded',
  'document.downloaded',
  'document.released',
  'document.recalled',
  'drift.found',
  'record.changed',
];

/** The chain of custody of one document, read from the audit log. */
export async function historyOf(
  deps: Pick<DocumentDeps, 'db' | 'audit'>,
  actor: Actor,
  id: string,
): Promise<DocumentEvent[] | null> {
  const document = await findVisibleDocument(deps, actor, id);
  if (!document) return null;
  const rows = await deps
    .db('audit_log as a')
    // During acting, `acting_as_id` is the referrer, and `actor_id` the admin.
    .leftJoin('users as by', (join) => join.on(deps.db.raw('by.id = coalesce(a.acting_as_id, a.actor_id)')))
    .leftJoin('users as admin', (join) =>
      join.on(deps.db.raw('admin.id = a.actor_id and a.acting_as_id is not null')),
    )
    .where({ resource_type: 'document', resource_id: document.id })
    .whereIn('action', actions)
    // Of all changes only those of the category are shown; the others are technical.
    .whereRaw(`(action <> 'record.changed' or metadata ->> 'change' = 'category')`)
    // Nobody saw the bytes of a download that was refused because of damage.
    .whereRaw(`(action = 'drift.found' or outcome = 'success')`)
    .orderBy('a.id')
    .select<EventRow[]>(
      'a.action',
      'a.at',
      deps.db.raw(`a.metadata ->> 'purpose' as purpose`),
      deps.db.raw(`a.metadata -> 'recipients' as recipients`),
      'by.id as by_id',
      'by.name as by_name',
      'by.role as by_role',
      'admin.id as admin_id',
      'admin.name as admin_name',
    );
  const names = await namesFor(
    deps.db,
    actor,
    rows.flatMap(({ recipients }) => recipients ?? []),
  );
  let isReleased = wasReleasedUnrecorded(rows, document.releasedAt);
  return rows.map((row) => {
    const what = eventKind(row);
    if (what === 'released') isReleased = true;
    if (what === 'recalled') isReleased = false;
    return {
      what,
      at: row.at,
      by:
        row.by_id === null
          ? null
          : { ...personOf(row.by_id, row.by_name), isStaff: row.by_role !== 'referrer' },
      actingAdmin: row.admin_id === null ? null : personOf(row.admin_id, row.admin_name),
      told: (row.recipients ?? []).flatMap((told) => names.get(told) ?? []),
      whileReleased: isReleased,
    };
  });
}

/** Reports from before releases were recorded have been visible since they were uploaded. */
function wasReleasedUnrecorded(rows: readonly EventRow[], releasedAt: Date | null): boolean {
  const first = rows.map(eventKind).find((what) => what === 'released' || what === 'recalled');
  return first === undefined ? releasedAt !== null : first === 'recalled';
}

/** A referrer gets only names from their own organisation, because the booking may have belonged to another one before. */
async function namesFor(
  db: Queryable,
  { viewer }: Actor,
  ids: string[],
): Promise<Map<string, { id: string; name: string }>> {
  if (ids.length === 0) return new Map();
  const people = await db('users as u')
    .whereIn('u.id', ids)
    .modify((query) => {
      if (isStaff(viewer)) return;
      void query
        .join('members as m', 'm.user_id', 'u.id')
        .where('m.organization_id', viewer.organization?.id ?? null);
    })
    .select<{ id: string; name: string }[]>('u.id', 'u.name');
  return new Map(people.map((person) => [person.id, person]));
}

function eventKind({ action, purpose }: Pick<EventRow, 'action' | 'purpose'>): DocumentEvent['what'] {
  switch (action) {
    case 'document.uploaded':
      return 'uploaded';
    case 'document.released':
      return 'released';
    case 'document.recalled':
      return 'recalled';
    case 'drift.found':
      return 'found_damaged';
    case 'record.changed':
      return 'category_changed';
    default:
      return purpose === 'view' ? 'viewed' : 'downloaded';
  }
}

function personOf(id: string, name: string | null): { id: string; name: string } {
  return { id, name: name ?? '' };
}
