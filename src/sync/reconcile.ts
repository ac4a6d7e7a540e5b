// Reconciliation compares Acuity with our bookings, window by window. It can be resumed: a window's result and the
// run's progress are stored together, and another process takes over a run whose process died.
import type { Logger } from 'pino';
import { systemActor, type AuditLog } from '../audit/index.ts';
import type { Transaction } from '../db/knex.ts';
import {
  CompareError,
  compareWindow,
  createWindowReader,
  partsOfDays,
  type CompareDeps,
  type DriftItem,
  type Span,
} from '../following/index.ts';
import { daysBetween, shiftDays } from '../lib/dates.ts';
import { errorFacts } from '../lib/error-facts.ts';
import { compareSpecialists, readOffer } from '../specialists/index.ts';
import type { AcuityResult, Appointment } from '../ports/acuity.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import {
  finishReport,
  startReport,
  takeOver,
  writeWindow,
  type DriftReport,
  type ReportKind,
} from './drift.repository.ts';
import { findNews } from './drift.superseded.ts';

export interface ReconcileDeps extends CompareDeps {
  audit: AuditLog;
  clock: Clock;
  ids: Ids;
  log: Logger;
  /** Tells staff what was found, in the transaction that ends the report. */
  announce(trx: Transaction, report: DriftReport): Promise<void>;
  /** For tests that kill the process here. */
  onStep?: (step: string) => Promise<void> | void;
}

export type Progress = (doneDays: number, ofDays: number) => void;

const windowDays = 7;
const leaseMs = 5 * 60_000;

/**
 * Null when a run is in progress. First finishes an interrupted run, whatever its span; it tells nobody if `wanted`
 * tells nobody.
 */
export async function reconcile(
  deps: ReconcileDeps,
  wanted: Span & { kind: ReportKind; fixes: boolean; tellsNobody?: boolean | undefined },
  onProgress: Progress = () => undefined,
): Promise<DriftReport | null> {
  await resume(deps, onProgress, wanted.tellsNobody);
  const report = await startReport(deps.db, {
    ...wanted,
    id: deps.ids.uuid(),
    startedAt: deps.clock.now(),
    leaseUntil: lease(deps),
  });
  return report && run(deps, report, onProgress);
}

/** Runs a report that no process works on: its process died, or it was requested and not begun. Null: there is none. */
export async function resume(
  deps: ReconcileDeps,
  onProgress: Progress = () => undefined,
  tellsNobody = false,
): Promise<DriftReport | null> {
  const left = await takeOver(deps.db, deps.clock.now(), lease(deps));
  return left && run(deps, { ...left, tellsNobody: left.tellsNobody || tellsNobody }, onProgress);
}

async function run(deps: ReconcileDeps, report: DriftReport, onProgress: Progress): Promise<DriftReport> {
  const days = daysBetween(report.from, report.to) + 1;
  const windows = partsOfDays({ from: report.nextDay, to: report.to }, windowDays);
  try {
    const readings = readAhead(deps, windows);
    for (const [at, window] of windows.entries()) {
      onProgress(daysBetween(report.from, window.from), days);
      await reconcileWindow(deps, report, window, readings.of(at));
      await deps.onStep?.('window');
    }
    onProgress(days, days);
    return await end(deps, report, 'done', null);
  } catch (error) {
    deps.log.error({ reportId: report.id, err: errorFacts(error) }, 'A reconciliation could not be finished');
    return end(
      deps,
      report,
      'failed',
      error instanceof CompareError ? error.message : errorFacts(error).name,
    );
  }
}

type Reading = Promise<AcuityResult<Appointment[]>>;

interface WindowReadings {
  window: Reading;
  /** The days before and after the window. */
  around: () => Promise<AcuityResult<Appointment[]>[]>;
}

/**
 * Reads a window while the one before it is compared. The days beside a window are those of its neighbours, which this
 * run reads too; only at the ends they are read separately.
 */
function readAhead(
  { acuity, db }: ReconcileDeps,
  windows: readonly Span[],
): { of(at: number): WindowReadings } {
  const readWindowOf = createWindowReader(acuity);
  const readings = new Map<number, Reading>();
  const read = async (span: Span) => readWindowOf(span, await db('specialists').pluck('acuity_calendar_id'));
  const reading = (at: number): Reading | null => {
    const window = windows[at];
    if (!window) return null;
    const begun = readings.get(at) ?? read(window);
    readings.set(at, begun);
    return begun;
  };
  return {
    of(at) {
      const { from, to } = windows[at] as Span;
      const window = reading(at) as Reading;
      // The next window is read after this one, whose size tells how to read it. Errors go to whoever awaits the window.
      void window.then(() => reading(at + 1)).catch(() => undefined);
      readings.delete(at - 2);
      const day = (beside: string): Reading => read({ from: beside, to: beside });
      return {
        window,
        around: () =>
          Promise.all([
            reading(at - 1) ?? day(shiftDays(from, -1)),
            reading(at + 1) ?? day(shiftDays(to, 1)),
          ]),
      };
    },
  };
}

async function reconcileWindow(
  deps: ReconcileDeps,
  report: DriftReport,
  span: Span,
  { window, around }: WindowReadings,
): Promise<void> {
  const found = await window;
  if (!found.ok) throw new CompareError(`acuity_${found.reason}`);
  const now = deps.clock.now();
  const { fixes, tellsNobody: quiet } = report;
  const ofSpecialists = span.from === report.from ? await specialistItems(deps, { fixes }) : [];
  const ofAppointments = await compareWindow(deps, span, found.value, {
    fixes,
    quiet,
    now,
    readAround: around,
  });
  const items = [...ofSpecialists, ...ofAppointments];
  await deps.db.transaction(async (trx) => {
    await writeWindow(trx, report.id, {
      nextDay: shiftDays(span.to, 1),
      appointments: found.value.length,
      at: now,
      leaseUntil: lease(deps),
      items: items.map((item) => ({ ...item, id: deps.ids.uuid() })),
    });
    for (const item of items) await recordItem(deps, trx, report, item);
  });
}

async function specialistItems(deps: ReconcileDeps, { fixes }: { fixes: boolean }): Promise<DriftItem[]> {
  const offer = await readOffer(deps);
  if (!offer.ok) throw new CompareError(`acuity_${'because' in offer ? offer.because : offer.reason}`);
  const found = await compareSpecialists(deps, offer.value, { fixes });
  return found.map((item) => ({
    ...item,
    appointmentId: null,
    bookingId: null,
    day: null,
    isOver: false,
    state: fixes ? 'fixed' : 'found',
    valueDigest: null,
    announced: true,
  }));
}

async function recordItem(
  { audit }: ReconcileDeps,
  trx: Transaction,
  report: DriftReport,
  item: DriftItem,
): Promise<void> {
  await audit.record(trx, systemActor, {
    action: item.state === 'fixed' ? 'drift.fixed' : 'drift.found',
    resourceType: item.specialistId ? 'specialist' : 'booking',
    resourceId: item.specialistId ?? item.bookingId,
    metadata: {
      reportId: report.id,
      appointmentId: item.appointmentId,
      difference: item.difference,
      announced: item.announced,
    },
  });
}

function end(
  deps: ReconcileDeps,
  { id: reportId, tellsNobody }: DriftReport,
  state: 'done' | 'failed',
  error: string | null,
): Promise<DriftReport> {
  return deps.db.transaction(async (trx) => {
    const { any, news } = await findNews(trx, reportId);
    const report = await finishReport(trx, reportId, { state, error, at: deps.clock.now() });
    const isAnnounced = report.kind === 'all' ? any : report.kind !== 'manual' && news;
    if (isAnnounced && !tellsNobody) await deps.announce(trx, report);
    return report;
  });
}

function lease({ clock }: Pick<ReconcileDeps, 'clock'>): Date {
  return new Date(clock.now().getTime() + leaseMs);
}
