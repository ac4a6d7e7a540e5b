// The system check for admins: the same checks as `npm run doctor`.
import type { Request, Response } from 'express';
import type { Doctor, DoctorReport, Line, LineState } from '../../../doctor/index.ts';
import { commandLine } from '../../../lib/command-line.ts';
import type { PageRoute } from '../../endpoint.ts';
import { pageZoneOf } from '../../forms/fields.ts';
import { paths } from '../../paths.ts';
import type { PageData } from '../../views.ts';
import { timeAndDay } from '../when.ts';

export interface DoctorPage extends PageData {
  /** The same report in a terminal. */
  command: string;
  report: {
    at: string;
    /** How many lines are wrong, and how many are warnings. */
    sum: string;
    tone: Tone;
    /** Checks with a line that is not ok, worst first. */
    toFix: ShownCheck[];
    passed: ShownCheck[];
  } | null;
}

interface ShownCheck {
  id: string;
  title: string;
  lines: (Line & { tone: Tone; word: string })[];
}

type Tone = 'ok' | 'warn' | 'danger';

const words: Record<LineState, { word: string; tone: Tone }> = {
  ok: { word: 'OK', tone: 'ok' },
  warning: { word: 'Warning', tone: 'warn' },
  wrong: { word: 'Wrong', tone: 'danger' },
};
const worstFirst: Record<LineState, number> = { wrong: 0, warning: 1, ok: 2 };

export function doctorPages({ doctor }: { doctor: Doctor }): PageRoute[] {
  return [
    {
      method: 'get',
      path: paths.doctor(),
      access: 'admin',
      handle: (req, res) => show(req, res, null),
    },
    {
      method: 'post',
      path: paths.doctor(),
      access: 'admin',
      handle: async (req, res) => show(req, res, await doctor.run()),
    },
  ];
}

function show(req: Request, res: Response, report: DoctorReport | null): void {
  const zone = pageZoneOf(req);
  const page: DoctorPage = {
    title: 'System check',
    command: commandLine('doctor'),
    report: report && shown(report, zone),
  };
  res.render('admin/doctor', page);
}

function shown({ at, state, checks }: DoctorReport, zone: string): DoctorPage['report'] {
  const all = checks.map(
    ({ id, title, lines }): ShownCheck => ({
      id,
      title,
      lines: lines.map((line) => ({ ...line, ...words[line.state] })),
    }),
  );
  const worst = ({ lines }: ShownCheck) => Math.min(...lines.map((line) => worstFirst[line.state]));
  return {
    at: timeAndDay(at, zone),
    sum: sumOf(checks.flatMap(({ lines }) => lines)),
    tone: words[state].tone,
    toFix: all.filter((check) => worst(check) < worstFirst.ok).toSorted((a, b) => worst(a) - worst(b)),
    passed: all.filter((check) => worst(check) === worstFirst.ok),
  };
}

function sumOf(lines: Line[]): string {
  const count = (state: LineState) => lines.filter((line) => line.state === state).length;
  const [wrong, warnings] = [count('wrong'), count('warning')];
  const parts = [
    ...(wrong > 0 ? [`${wrong} wrong`] : []),
    ...(warnings > 0 ? [`${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`] : []),
  ];
  return parts.length > 0 ? parts.join(', ') : 'All clear';
}
