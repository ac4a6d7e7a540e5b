// The report of `npm run doctor` as text, and as JSON for programs. Pure.
import type { DoctorReport, Line } from '../doctor/index.ts';

const indent = ' '.repeat(9);

/** @param baseUrl the prefix of the paths of our pages */
export function textOf({ checks, state }: DoctorReport, baseUrl: string): string[] {
  const lines = checks.flatMap(({ title, lines: found }) =>
    found.flatMap((line) => [
      `${line.state.padEnd(8)} ${title}: ${line.says}`,
      // Checks that pass need no explanation.
      ...(line.state === 'ok'
        ? []
        : [...(line.means ?? []), ...mendOf(line, baseUrl)].map((one) => indent + one)),
    ]),
  );
  return [
    ...lines,
    '',
    sumOf(
      checks.flatMap(({ lines: found }) => found),
      state,
    ),
  ];
}

function mendOf({ mend }: Line, baseUrl: string): string[] {
  if (!mend) return [];
  const where = [mend.command, mend.page && baseUrl + mend.page].filter((one) => one !== undefined);
  return [`→ ${[mend.text, ...where].join(': ')}`];
}

function sumOf(lines: Line[], state: Line['state']): string {
  if (state === 'ok') return `All ${lines.length} lines are ok.`;
  const count = (which: Line['state']) => lines.filter((line) => line.state === which).length;
  return `${count('ok')} ok, ${count('warning')} warning, ${count('wrong')} wrong.`;
}

/** For a system that could not be checked at all. */
export function reportOf(id: string, title: string, lines: Line[], at: Date): DoctorReport {
  return { at, state: 'wrong', checks: [{ id, title, lines }] };
}
