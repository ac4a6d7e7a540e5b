// Figures for staff, drawn: bookings a week and where they were made, how long reports take, who examines how much, how
// late webhook events are followed, and what reconciliations found.
import {
  countedAtMost,
  loadDays,
  readFigures,
  shownWeeks,
  type Figures,
  type WeekOfParts,
  type WeekOfTimes,
} from '../../../console/index.ts';
import type { Database } from '../../../db/knex.ts';
import { dayIn, weekdayAndDay, zonePlaceName } from '../../../lib/dates.ts';
import { percentagesOf } from '../../../lib/percentages.ts';
import type { Clock } from '../../../ports/clock.ts';
import { drawColumns, drawLegend, drawRows, type Bar } from '../../chart.ts';
import type { PageRoute } from '../../endpoint.ts';
import { pageZoneOf } from '../../forms/fields.ts';
import { paths } from '../../paths.ts';
import type { PageData } from '../../views.ts';

interface Cell {
  text: string;
  href?: string;
}

interface Figure {
  id: string;
  title: string;
  /** What the drawing says, or that there is nothing to draw. */
  summary: string;
  /** Null: nothing to draw. */
  drawing: string | null;
  heads: string[];
  rows: Cell[][];
}

export interface FiguresPage extends PageData {
  weeks: number;
  zone: string;
  figures: Figure[];
}

export function figuresPages({ db, clock }: { db: Database; clock: Clock }): PageRoute[] {
  return [
    {
      method: 'get',
      path: paths.figures(),
      access: 'staff',
      async handle(req, res) {
        const zone = pageZoneOf(req);
        const figures = await readFigures(db, dayIn(clock.now(), zone), zone);
        const page: FiguresPage = {
          title: 'Figures',
          weeks: shownWeeks,
          zone: zonePlaceName(zone),
          figures: [
            bookedFigure(figures.booked),
            sharesFigure(figures.shares),
            reportsFigure(figures.reports),
            loadFigure(figures.load),
            delaysFigure(figures.delays),
            driftFigure(figures.drift),
          ],
        };
        res.render('admin/figures', page);
      },
    },
  ];
}

/** The drawing alone, for the console's first page. */
export function drawBooked(weeks: WeekOfParts[]): string {
  return drawParts('booked', 'New bookings a week', 'booking', weeks);
}

function bookedFigure(weeks: WeekOfParts[]): Figure {
  const total = totalOf(weeks);
  return {
    id: 'booked',
    title: 'New bookings a week',
    summary:
      total === 0
        ? 'Nobody has booked in these weeks.'
        : `${counted(total, 'booking')}, ${perWeek(total)} a week.`,
    drawing: total === 0 ? null : drawBooked(weeks),
    ...tableOfParts(weeks, 'Bookings'),
  };
}

function sharesFigure(shares: Figures['shares']): Figure {
  const total = shares.reduce((sum, { count }) => sum + count, 0);
  const percentages = percentagesOf(shares.map(({ count }) => count)).map((percent) => `${percent} %`);
  const drawing = drawRows(
    'shares',
    'Share of new bookings by where they were made',
    shares.map(({ words, count, href }, kind) => ({
      words,
      shown: `${percentages[kind]} (${number(count)})`,
      href,
      value: count,
      kind,
    })),
    total,
  );
  return {
    id: 'shares',
    title: 'Where bookings are made',
    summary: total === 0 ? 'Nobody has booked in these weeks.' : `Of ${counted(total, 'booking')}.`,
    drawing: total === 0 ? null : drawing,
    heads: ['Where', 'Bookings', 'Share'],
    rows: shares.map(({ words, count, href }, at) => [
      { text: words },
      { text: number(count), href },
      { text: percentages[at] ?? '' },
    ]),
  };
}

function reportsFigure(weeks: WeekOfTimes[]): Figure {
  const days = { one: 'day', many: 'days', seconds: 86_400 };
  return timesFigure('reports', 'From examination to report', 'report', days, weeks, {
    none: 'No report came in these weeks.',
    about: 'Median days from the examination to its first report, by the week of the report.',
  });
}

function delaysFigure(weeks: WeekOfTimes[]): Figure {
  const longest = Math.max(0, ...weeks.map(({ median }) => median ?? 0));
  const unit =
    longest < 120
      ? { one: 'second', many: 'seconds', seconds: 1 }
      : longest < 7_200
        ? { one: 'minute', many: 'minutes', seconds: 60 }
        : { one: 'hour', many: 'hours', seconds: 3_600 };
  return timesFigure('delays', 'Delay of webhook events', 'event', unit, weeks, {
    none: 'No webhook event was processed in these weeks.',
    about: `Median ${unit.many} from receipt to processing. The relay’s wait is included, events replayed by hand are not.`,
  });
}

function loadFigure({ specialists, more }: Figures['load']): Figure {
  const hours = (minutes: number) =>
    `${(minutes / 60).toLocaleString('en-AU', { maximumFractionDigits: 1 })} h`;
  const total = specialists.reduce((sum, { count }) => sum + count, 0);
  const others =
    more === 0
      ? ''
      : ` ${counted(more, 'other specialist')} with fewer ${more === 1 ? 'is' : 'are'} not shown.`;
  return {
    id: 'load',
    title: `Load per specialist, next ${loadDays} days`,
    summary:
      total === 0
        ? `No examination is booked for the next ${loadDays} days.`
        : `${counted(total, 'examination')}.${others}`,
    drawing:
      total === 0
        ? null
        : drawRows(
            'load-bars',
            'Examinations per specialist',
            specialists.map(({ name, count, href }) => ({
              words: name,
              shown: number(count),
              href,
              value: count,
            })),
          ),
    heads: ['Specialist', 'Examinations', 'Booked time'],
    rows: specialists.map(({ name, count, minutes, href }) => [
      { text: name },
      { text: number(count), href },
      { text: hours(minutes) },
    ]),
  };
}

function driftFigure(weeks: WeekOfParts[]): Figure {
  const total = totalOf(weeks);
  return {
    id: 'drift',
    title: 'Differences from Acuity',
    summary:
      total === 0
        ? 'Reconciliations found no difference in these weeks.'
        : `${counted(total, 'difference')} found by reconciliations. One that stays is found again by each.`,
    drawing:
      total === 0 ? null : drawParts('drifting', 'Differences from Acuity a week', 'difference', weeks),
    ...tableOfParts(weeks, 'Differences'),
  };
}

function drawParts(id: string, name: string, noun: string, weeks: WeekOfParts[]): string {
  const bars = weeks.map(({ week, count, href, parts }): Bar => {
    const kinds = parts
      .filter((part) => part.count > 0)
      .map((part) => `${number(part.count)} ${part.words.charAt(0).toLowerCase()}${part.words.slice(1)}`);
    return {
      label: labelOf(week),
      words: `Week from ${dayAndMonth(week)}: ${counted(count, noun)}${kinds.length > 0 ? `, ${kinds.join(', ')}` : ''}`,
      href,
      shown: number(count),
      values: parts.map((part) => part.count),
    };
  });
  const kinds = (weeks[0]?.parts ?? []).map(({ words }, kind) => ({ words, kind }));
  const found = kinds.filter(({ kind }) => weeks.some(({ parts }) => (parts[kind]?.count ?? 0) > 0));
  return drawColumns(id, name, bars) + drawLegend(id, found);
}

function tableOfParts(weeks: WeekOfParts[], things: string): Pick<Figure, 'heads' | 'rows'> {
  return {
    heads: ['Week from', things, ...(weeks[0]?.parts ?? []).map(({ words }) => words)],
    rows: weeks.map(({ week, count, href, parts }) => [
      { text: dayAndMonth(week) },
      { text: number(count), href },
      ...parts.map((part) => ({ text: number(part.count), href: part.href })),
    ]),
  };
}

function timesFigure(
  id: string,
  title: string,
  thing: string,
  unit: { one: string; many: string; seconds: number },
  weeks: WeekOfTimes[],
  says: { none: string; about: string },
): Figure {
  const isEmpty = weeks.every(({ count }) => count === 0);
  const inUnit = (seconds: number | null) =>
    seconds === null
      ? '–'
      : (seconds / unit.seconds).toLocaleString('en-AU', {
          maximumFractionDigits: seconds / unit.seconds < 10 ? 1 : 0,
        });
  const howMany = (count: number) => `${number(count)}${count === countedAtMost ? ' or more' : ''}`;
  const bars = weeks.map(({ week, count, median, href }): Bar => {
    const since = `Week from ${dayAndMonth(week)}`;
    const time = inUnit(median);
    return {
      label: labelOf(week),
      words:
        median === null
          ? `${since}: no ${thing}s`
          : `${since}: ${time} ${time === '1' ? unit.one : unit.many}, median of ${howMany(count)}`,
      href: count === 0 ? null : href,
      shown: time,
      values: [median ?? 0],
    };
  });
  return {
    id,
    title,
    summary: isEmpty ? says.none : says.about,
    drawing: isEmpty ? null : drawColumns(`${id}-bars`, title, bars),
    heads: [
      'Week from',
      `Median ${unit.many}`,
      `95 of 100 within (${unit.many})`,
      `${thing.charAt(0).toUpperCase()}${thing.slice(1)}s`,
    ],
    rows: weeks.map(({ week, count, median, slow, href }) => [
      { text: dayAndMonth(week) },
      { text: inUnit(median) },
      { text: inUnit(slow) },
      count === 0 ? { text: '0' } : { text: howMany(count), href },
    ]),
  };
}

const totalOf = (weeks: WeekOfParts[]): number => weeks.reduce((sum, { count }) => sum + count, 0);
const number = (value: number): string => value.toLocaleString('en-AU');
const counted = (count: number, thing: string): string =>
  `${number(count)} ${thing}${count === 1 ? '' : 's'}`;
const perWeek = (total: number): string =>
  (total / shownWeeks).toLocaleString('en-AU', { maximumFractionDigits: 1 });

/** `7 Sept` */
const dayAndMonth = (day: string): string => weekdayAndDay(day).split(' ').slice(1).join(' ');

/** `7` above `Sept`. */
function labelOf(week: string): [string, string] {
  const [day = '', month = ''] = dayAndMonth(week).split(' ');
  return [day, month];
}
