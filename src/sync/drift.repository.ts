// Reports of reconciliations, and the differences that they found.
import type { Queryable, Transaction } from '../db/knex.ts';
import type { RowOf } from '../db/rows.ts';
import type { DriftItem, Span } from '../following/index.ts';
import { keepClosed } from './drift.close.ts';
import { supersedeEarlier } from './drift.superseded.ts';

export const reportKinds = ['near', 'all', 'manual', 'gap'] as const;
export type ReportKind = (typeof reportKinds)[number];
export const reportStates = ['running', 'done', 'failed'] as const;

export interface DriftReport {
  id: string;
  kind: ReportKind;
  /** Calendar days, both included. */
  from: string;
  to: string;
  fixes: boolean;
  /** Its repairs are announced to nobody. */
  tellsNobody: boolean;
  state: (typeof reportStates)[number];
  nextDay: string;
  appointments: number;
  found: number;
  fixed: number;
  unannounced: number;
  lastError: string | null;
  startedAt: Date;
  finishedAt: Date | null;
}

/** One difference between a booking and its appointment, or between a specialist and their calendar. */
export interface ReportedItem extends Pick<DriftItem, 'appointmentId' | 'difference' | 'state' | 'reason'> {
  /** The specialist's name; null when the difference is one of an appointment. */
  specialist: string | null;
}

function toReport(row: RowOf<'drift_reports'>): DriftReport {
  return {
    id: row.id,
    kind: row.kind,
    from: row.from_day,
    to: row.to_day,
    fixes: row.fixes,
    tellsNobody: row.tells_nobody,
    state: row.state,
    nextDay: row.next_day,
    appointments: row.appointments,
    found: row.found,
    fixed: row.fixed,
    unannounced: row.unannounced,
    lastError: row.last_error,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  };
}

/** Null when another run is in progress. */
export async function startReport(
  db: Queryable,
  report: Span & {
    id: string;
    kind: ReportKind;
    fixes: boolean;
    tellsNobody?: boolean | undefined;
    startedAt: Date;
    leaseUntil: Date;
  },
): Promise<DriftReport | null> {
  const [row] = await db('drift_reports')
    .insert({
      id: report.id,
      kind: report.kind,
      fixes: report.fixes,
      tells_nobody: report.tellsNobody ?? false,
      from_day: report.from,
      to_day: report.to,
      next_day: report.from,
      started_at: report.startedAt,
      lease_until: report.leaseUntil,
    })
    .onConflict(db.raw("((true)) where state = 'running'"))
    .ignore()
    .returning('*');
  return row ? toReport(row) : null;
}

/** Takes over a run whose process died: its lease has expired. */
export async function takeOver(db: Queryable, now: Date, leaseUntil: Date): Promise<DriftReport | null> {
  const [row] = await db('drift_reports')
    .where('state', 'running')
    .where('lease_until', '<=', now)
    .update({ lease_until: leaseUntil })
    .returning('*');
  return row ? toReport(row) : null;
}

/** Fails all running reports: after a restore their processes no longer exist. */
export async function abandonRuns(trx: Transaction): Promise<void> {
  await trx('drift_reports')
    .where({ state: 'running' })
    .update({
      state: 'failed',
      last_error: 'restored',
      lease_until: null,
      finished_at: trx.raw('clock_timestamp()'),
    });
}

/** Stores a window's result together with the run's progress, so that a resumed run counts nothing twice. */
export async function writeWindow(
  trx: Transaction,
  reportId: string,
  window: {
    nextDay: string;
    appointments: number;
    items: (DriftItem & { id: string })[];
    at: Date;
    leaseUntil: Date;
  },
): Promise<void> {
  const { items, appointments, nextDay, at, leaseUntil } = window;
  const rows = items.map((item) => ({
    id: item.id,
    report_id: reportId,
    appointment_id: item.appointmentId,
    booking_id: item.bookingId,
    specialist_id: item.specialistId,
    difference: item.difference,
    state: item.state,
    reason: item.reason,
    value_digest: item.valueDigest,
    announced: item.announced,
    day: item.day,
    is_over: item.isOver,
    found_at: at,
  }));
  const inserted =
    rows.length === 0
      ? []
      : await trx('drift_items').insert(rows).onConflict().ignore().returning(['state', 'announced']);
  if (inserted.some(({ state }) => state === 'left')) await keepClosed(trx, reportId);
  await trx('drift_reports')
    .where({ id: reportId })
    .update({
      next_day: nextDay,
      lease_until: leaseUntil,
      appointments: trx.raw('appointments + ?', [appointments]),
      found: trx.raw('found + ?', [inserted.length]),
      fixed: trx.raw('fixed + ?', [inserted.filter(({ state }) => state === 'fixed').length]),
      unannounced: trx.raw('unannounced + ?', [inserted.filter(({ announced }) => !announced).length]),
    });
}

export async function finishReport(
  trx: Queryable,
  id: string,
  end: { state: 'done' | 'failed'; error: string | null; at: Date },
): Promise<DriftReport> {
  const [row] = await trx('drift_reports')
    .where({ id })
    .update({ state: end.state, last_error: end.error, finished_at: end.at, lease_until: null })
    .returning('*');
  if (!row) throw new Error(`Report ${id} is gone`);
  if (end.state === 'done') await supersedeEarlier(trx, id);
  return toReport(row);
}

export async function findReport(db: Queryable, id: string): Promise<DriftReport | null> {
  const row = await db('drift_reports').where({ id }).first();
  return row ? toReport(row) : null;
}

export async function listItems(db: Queryable, reportId: string): Promise<ReportedItem[]> {
  const rows = await db('drift_items as i')
    .leftJoin('specialists as s', 's.id', 'i.specialist_id')
    .where({ report_id: reportId })
    .orderBy(['appointment_id', 's.name', 'difference'])
    .select<(Omit<ReportedItem, 'appointmentId'> & { appointment_id: string | number | null })[]>(
      'appointment_id',
      's.name as specialist',
      'difference',
      'state',
      'reason',
    );
  return rows.map(({ appointment_id: id, ...item }) => ({
    appointmentId: id === null ? null : Number(id),
    ...item,
  }));
}

/** SQL: when the last reconciliation that was completed ended; null before the first. @param kind unset: any */
export function lastReconciled(kind?: ReportKind): string {
  const ofKind = kind ? ` and kind = '${kind}'` : '';
  return `(select finished_at from drift_reports where state = 'done'${ofKind} order by started_at desc limit 1)`;
}

export async function listReports(db: Queryable, limit = 50): Promise<DriftReport[]> {
  const rows = await db('drift_reports')
    .orderBy([
      { column: 'started_at', order: 'desc' },
      { column: 'id', order: 'desc' },
    ])
    .limit(limit);
  return rows.map(toReport);
}
