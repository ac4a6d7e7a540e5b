// npm run reconcile [-- --from YYYY-MM-DD --to YYYY-MM-DD --all --fix --quiet]
import { parseArgs } from 'node:util';
import { ConfigError } from '../config.ts';
import { parseDay } from '../lib/dates.ts';
import type { Span } from '../following/index.ts';
import type { DriftReport, ReportedItem } from '../sync/index.ts';
import { loadEnvFile, StartError } from './environment.ts';
import { withTargetSystem } from './target-system.ts';
import { progressBar } from './progress-bar.ts';
import { complain, say } from './terminal.ts';
import { commandLine } from '../lib/command-line.ts';

/** The most differences that are printed. */
const mostShown = 50;

class UsageError extends Error {}

loadEnvFile();
try {
  const wanted = readArguments();
  await withTargetSystem(async ({ services: { sync } }) => {
    const span: Span = { ...sync.spans()[wanted.which], ...wanted.span };
    if (span.from > span.to) throw new UsageError(`--from ${span.from} is after --to ${span.to}`);
    const bar = progressBar('Reconciling');
    const { fixes, tellsNobody } = wanted;
    const report = await sync.reconcile({ ...span, fixes, tellsNobody }, (done, of) => bar.show(done, of));
    bar.done();
    tell(report, report ? await sync.items(report.id) : [], wanted.fixes);
  });
} catch (error) {
  const isExpected =
    error instanceof UsageError || error instanceof StartError || error instanceof ConfigError;
  if (!isExpected) throw error;
  complain(error.message);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

interface Wanted {
  span: Partial<Span>;
  which: 'near' | 'all';
  fixes: boolean;
  tellsNobody: boolean;
}

function readArguments(): Wanted {
  let values: { from?: string; to?: string; all?: boolean; fix?: boolean; quiet?: boolean };
  try {
    ({ values } = parseArgs({
      options: {
        from: { type: 'string' },
        to: { type: 'string' },
        all: { type: 'boolean' },
        fix: { type: 'boolean' },
        quiet: { type: 'boolean' },
      },
    }));
  } catch (error) {
    throw new UsageError(
      `${(error as Error).message.split('.')[0]}. Use: ${commandLine('reconcile', '--from YYYY-MM-DD --to YYYY-MM-DD --all --fix --quiet')}`,
    );
  }
  const span: Partial<Span> = {};
  for (const name of ['from', 'to'] as const) {
    const day = values[name];
    if (day === undefined) continue;
    if (parseDay(day) === null) throw new UsageError(`--${name} ${day} is not a day like 2026-12-01`);
    span[name] = day;
  }
  const { all = false, fix = false, quiet = false } = values;
  return { span, which: all ? 'all' : 'near', fixes: fix, tellsNobody: quiet };
}

function tell(report: DriftReport | null, items: readonly ReportedItem[], fixes: boolean): void {
  if (!report) {
    complain('Another reconciliation is running: try again when it has ended');
    process.exitCode = 1;
    return;
  }
  const { from, to, appointments, found, fixed, state, lastError } = report;
  say(
    `${appointments} appointments from ${from} to ${to} compared: ${found} ${found === 1 ? 'difference' : 'differences'}, ${fixed} repaired`,
  );
  for (const item of items.slice(0, mostShown)) say(`  ${inWords(item)}`);
  if (items.length > mostShown) say(`  … and ${items.length - mostShown} more: the console lists them all`);
  if (found > 0 && !fixes) say(`Repair them with: ${commandLine('reconcile', '--fix')}`);
  if (found > fixed && fixes) say(`${found - fixed} ${found - fixed === 1 ? 'needs' : 'need'} a decision`);
  if (state === 'failed') {
    complain(`The reconciliation could not finish: ${lastError ?? 'unknown'}`);
    process.exitCode = 1;
  }
}

function inWords({ appointmentId, specialist, difference, state, reason }: ReportedItem): string {
  const done = { fixed: ', repaired', left: ', needs a decision', found: '' }[state];
  return `${specialist ?? `appointment ${appointmentId}`}: ${difference.replaceAll('_', ' ')}${done}${reason ? `. ${reason}` : ''}`;
}
