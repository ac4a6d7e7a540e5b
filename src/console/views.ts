// What a person stores for a list: views (filters, sort and columns under a name), and the columns that they see.
import { auditActor, mayAdminister, type Actor } from '../accounts/index.ts';
import type { AuditLog } from '../audit/index.ts';
import type { Database, Queryable } from '../db/knex.ts';
import { isUuid } from '../lib/uuid.ts';
import { columnsIn, type Column, type Table } from './table.ts';

export interface SavedView {
  id: string;
  ownerId: string;
  ownerName: string;
  name: string;
  /** The query of the list's address; words that may name an examinee are sealed for the owner. */
  query: string;
  columns: string[] | null;
  isShared: boolean;
}

export interface ListChoices {
  /** Null: the list's usual columns. */
  columns: string[] | null;
  views: SavedView[];
}

export interface ViewDeps {
  db: Database;
  audit: AuditLog;
}

/** How many views a person may keep of one list. */
const mostViews = 50;

/** Columns that somebody can choose for a list. */
export function choosableColumns({ columns }: Table): Column[] {
  return columns.filter(({ name, type, shown }) => name !== 'id' && type !== 'json' && shown !== 'filter');
}

/** The columns that this person sees: those of the view, their own choice, or the usual ones; the title in any case. */
export function shownColumns(table: Table, { columns, views }: ListChoices, viewId: unknown): Column[] {
  const usual = columnsIn(table, 'list');
  const chosen = views.find(({ id }) => id === viewId)?.columns ?? columns;
  if (!chosen) return usual;
  const all = new Set([...usual, ...choosableColumns(table)]);
  return [...all].filter(({ name }) => name === table.title || chosen.includes(name));
}

export async function readChoices(db: Queryable, userId: string, table: Table): Promise<ListChoices> {
  const own = await db('console_columns').where({ user_id: userId, list: table.id }).first('columns');
  const views = await db('console_views as v')
    .join('users as u', 'u.id', 'v.user_id')
    .where('v.list', table.id)
    .where((seen) => {
      void seen.where('v.user_id', userId).orWhere('v.is_shared', true);
    })
    .orderByRaw('v.user_id <> ?, v.name, v.id', [userId])
    .limit(200)
    .select<SavedView[]>(
      'v.id',
      'v.user_id as ownerId',
      'u.name as ownerName',
      'v.name',
      'v.query',
      'v.columns',
      'v.is_shared as isShared',
    );
  return { columns: own?.columns ?? null, views };
}

/** Replaces a view of the same name. @returns its id; null when there are too many, and one has to be removed first */
export async function saveView(
  { db, audit }: ViewDeps,
  actor: Actor,
  table: Table,
  view: { id: string; name: string; query: string; columns: string[] | null; isShared: boolean },
): Promise<string | null> {
  const { userId } = actor.viewer;
  return db.transaction(async (trx) => {
    const others = await trx('console_views')
      .where({ user_id: userId, list: table.id })
      .whereNot({ name: view.name })
      .limit(mostViews)
      .pluck('id');
    if (others.length >= mostViews) return null;
    const { id, name, query, columns, isShared } = view;
    const [row] = await trx('console_views')
      .insert({ id, user_id: userId, list: table.id, name, query, columns, is_shared: isShared })
      .onConflict(['user_id', 'list', 'name'])
      .merge({ query, columns, is_shared: isShared })
      .returning('id');
    const resourceId = row?.id ?? id;
    // The audit row leaves out the view's name, which may be an examinee's.
    await audit.record(trx, auditActor(actor), changed(resourceId, 'saved', { list: table.id, isShared }));
    return resourceId;
  });
}

function changed(resourceId: string, change: string, more: Record<string, string | boolean>) {
  const metadata = { change, ...more };
  return { action: 'record.changed', resourceType: 'console_view', resourceId, metadata } as const;
}

/** The owner may remove a view; since owners leave, admins may remove shared ones. */
export function mayRemoveView(
  { viewer }: Pick<Actor, 'viewer'>,
  { ownerId, isShared }: Pick<SavedView, 'ownerId' | 'isShared'>,
): boolean {
  return ownerId === viewer.userId || (isShared && mayAdminister(viewer));
}

/** False when there is no such view that this person may remove. */
export async function removeView(
  { db, audit }: ViewDeps,
  actor: Actor,
  table: Table,
  id: string,
): Promise<boolean> {
  if (!isUuid(id)) return false;
  return db.transaction(async (trx) => {
    const view = await trx('console_views')
      .where({ id, list: table.id })
      .forUpdate()
      .first('user_id', 'is_shared');
    if (!view || !mayRemoveView(actor, { ownerId: view.user_id, isShared: view.is_shared })) return false;
    await trx('console_views').where({ id }).delete();
    const more = { list: table.id, ownerId: view.user_id };
    await audit.record(trx, auditActor(actor), changed(id, 'removed', more));
    return true;
  });
}

/** @param columns null: the list's usual columns */
export async function saveColumns(
  { db, audit }: ViewDeps,
  actor: Actor,
  table: Table,
  columns: string[] | null,
): Promise<void> {
  const { userId } = actor.viewer;
  await db.transaction(async (trx) => {
    if (columns === null) await trx('console_columns').where({ user_id: userId, list: table.id }).delete();
    else
      await trx('console_columns')
        .insert({ user_id: userId, list: table.id, columns })
        .onConflict(['user_id', 'list'])
        .merge({ columns });
    await audit.record(trx, auditActor(actor), {
      action: 'record.changed',
      resourceType: 'list',
      resourceId: `/admin/resources/${table.id}`,
      metadata: { change: 'columns', columns: columns ?? 'default' },
    });
  });
}
