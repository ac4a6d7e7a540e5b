// Imports the appointments of a span of days from Acuity, a week at a time: five years take no more memory than a week.
import { findKnown, findReadVersions, partsOfDays, readWindow } from '../following/index.ts';
import { daysBetween } from '../lib/dates.ts';
import type { Acuity, Appointment } from '../ports/acuity.ts';
import { noFacts, importAppointment, type AppointmentDeps } from './appointment.ts';
import type { ImportResult, Listener } from './import.ts';
import { readWithRetries, runImport } from './import.runs.ts';
import type { PastRule } from './past.rule.ts';

export interface AcuityRequest {
  /** Days, both included: `YYYY-MM-DD`. */
  from: string;
  to: string;
  rule: PastRule;
  /** Also makes the referrers and organisations that Acuity names. */
  people: boolean;
  applies: boolean;
}

export interface AcuityImportDeps extends AppointmentDeps {
  acuity: Acuity;
  /** For tests that kill the process at a step. */
  onStep?: ((step: string) => Promise<void> | void) | undefined;
}

const windowDays = 7;

export async function importAcuity(
  deps: AcuityImportDeps,
  { from, to, rule, people, applies }: AcuityRequest,
  listener: Listener,
): Promise<ImportResult> {
  const options = {
    from,
    to,
    past: rule.past,
    ...(rule.closedUntil && { closedUntil: rule.closedUntil }),
    ...(people && { people }),
  };
  return runImport(
    deps,
    { kind: 'acuity', options, content: null, applies },
    listener,
    async (importId, report) => {
      const days = daysBetween(from, to) + 1;
      for (const span of partsOfDays({ from, to }, windowDays)) {
        await importWindow(deps, importId, span, { rule, people }, report);
        report.progress(daysBetween(from, span.to) + 1, days);
      }
      return { invited: 0 };
    },
  );
}

async function importWindow(
  deps: AcuityImportDeps,
  importId: string | null,
  span: { from: string; to: string },
  { rule, people }: Pick<AcuityRequest, 'rule' | 'people'>,
  report: Listener,
): Promise<void> {
  const calendars = await deps.db('specialists').pluck('acuity_calendar_id');
  const read = async () => (await readWithRetries(() => readWindow(deps.acuity, span, calendars))) ?? [];
  let appointments = await read();
  const ids = appointments.map(({ id }) => id);
  const known = await findKnown(deps.db, ids);
  const versions = await findReadVersions(deps.db, ids);
  // Reads Acuity after the read versions: a change in between makes convergence read the appointment again.
  if (importId && appointments.some(({ id }) => !known.has(id))) appointments = await read();
  for (const appointment of appointments.toSorted(byTime)) {
    const found = {
      appointment,
      booking: known.get(appointment.id)?.booking ?? null,
      readVersion: versions.get(appointment.id) ?? 0,
    };
    report.line(await importAppointment(deps, importId, found, { ...noFacts, makesPeople: people }, rule));
    await deps.onStep?.('appointment');
  }
}

function byTime(a: Appointment, b: Appointment): number {
  return a.startsAt.getTime() - b.startsAt.getTime() || a.id - b.id;
}
