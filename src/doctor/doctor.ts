// What must be there for the system to work, checked now: for `npm run doctor` and for the page of the console.
import type { Clock } from '../ports/clock.ts';
import { acuityChecks, type AcuityCheckDeps } from './acuity.checks.ts';
import { bucketChecks, type BucketCheckDeps } from './bucket.checks.ts';
import { cacheCheck, type CacheCheckDeps } from './cache.check.ts';
import { runChecks, worstOf, type Check, type CheckReport, type LineState } from './check.ts';
import { databaseChecks, type DatabaseCheckDeps } from './database.checks.ts';
import { machineChecks, type MachineCheckDeps } from './machine.checks.ts';
import { mailChecks, type MailCheckDeps } from './mail.checks.ts';
import { scannerCheck, type ScannerCheckDeps } from './scanner.check.ts';
import { sealsCheck, type SealsCheckDeps } from './seals.check.ts';
import { secretsCheck, type Secrets } from './secrets.check.ts';
import { workersCheck } from './workers.check.ts';
import { webChecks, type WebCheckDeps } from './web.checks.ts';

export interface DoctorDeps
  extends DatabaseCheckDeps,
    CacheCheckDeps,
    BucketCheckDeps,
    MailCheckDeps,
    AcuityCheckDeps,
    WebCheckDeps,
    ScannerCheckDeps,
    MachineCheckDeps,
    SealsCheckDeps {
  clock: Clock;
  secrets: Secrets;
  /** How many second steps of sign-in an earlier secret than the first encrypted. */
  countSecondSteps: () => Promise<number>;
  /** For tests. */
  timings?: { timeoutMs?: number; restMs?: number } | undefined;
}

export interface DoctorReport {
  at: Date;
  /** The worst of all lines. */
  state: LineState;
  checks: CheckReport[];
}

export interface Doctor {
  /** Who asks again within a few seconds, or while it runs, gets the same report. */
  run(): Promise<DoctorReport>;
}

const timeoutMs = 12_000;
const restMs = 10_000;

export function createDoctor(deps: DoctorDeps): Doctor {
  const checks = checksOf(deps);
  const timings = { timeoutMs, restMs, ...deps.timings };
  let last: { until: number; report: Promise<DoctorReport> } | null = null;

  async function runNow(): Promise<DoctorReport> {
    const reports = await runChecks(checks, timings.timeoutMs);
    const at = deps.clock.now();
    return { at, state: worstOf(reports.flatMap(({ lines }) => lines)), checks: reports };
  }

  return {
    run() {
      if (last && performance.now() < last.until) return last.report;
      const mine = { until: Number.POSITIVE_INFINITY, report: runNow() };
      last = mine;
      void mine.report.finally(() => (mine.until = performance.now() + timings.restMs));
      return mine.report;
    },
  };
}

function checksOf(deps: DoctorDeps): Check[] {
  return [
    ...databaseChecks(deps),
    workersCheck(deps.db),
    cacheCheck(deps),
    ...bucketChecks(deps),
    ...mailChecks(deps),
    ...acuityChecks(deps),
    ...webChecks(deps),
    scannerCheck(deps),
    ...machineChecks(deps),
    sealsCheck(deps),
    secretsCheck(deps.secrets, deps.isProduction, deps.countSecondSteps),
  ];
}
