// Draws bars as SVG, for the page Figures and the console's first page. Positions are shares of the width and heights are
// pixels, so that text keeps its size on every screen. Kinds differ by pattern as well as by colour, every bar has its
// number, and every bar is a link (public/css/figures.css).
import { escapeText } from './views.ts';

/** A column: a week. */
export interface Bar {
  /** Below the bar, in two lines. */
  label: [string, string];
  /** The bar in a sentence: `Week from 7 Sept: 5 bookings`. */
  words: string;
  /** Null: there is nothing to open. */
  href: string | null;
  /** Above the bar. */
  shown: string;
  /** The height of each kind, from the bottom up. */
  values: number[];
}

/** A bar from left to right, with its words above. */
export interface Row {
  words: string;
  shown: string;
  href: string;
  value: number;
  /** Which kind. Unset: the first. */
  kind?: number;
}

const top = 24;
const tallest = 144;
const base = top + tallest;
const columnsHeight = base + 40;
const rowHeight = 44;

/** @param id unique in its page */
export function drawColumns(id: string, name: string, bars: Bar[]): string {
  const most = Math.max(1e-9, ...bars.map(({ values }) => sum(values)));
  const slot = 100 / bars.length;
  const kinds = Math.max(1, ...bars.map(({ values }) => values.length));
  const columns = bars.map((bar, at) => {
    const x = (share: number) => `${round((at + share) * slot)}%`;
    let y = base;
    const parts = bar.values.map((value, kind) => {
      if (value === 0) return '';
      // The smallest can still be seen.
      const height = Math.max(3, round((value / most) * tallest));
      y -= height;
      return `<rect ${fill(id, kind)} x="${x(0.14)}" y="${round(y)}" width="${round(slot * 0.72)}%" height="${height}"/>`;
    });
    const drawn = `<rect class="figure-hit" x="${x(0)}" y="0" width="${round(slot)}%" height="${base}"/>${parts.join('')}<text class="figure-value" x="${x(0.5)}" y="${round(Math.min(y, base) - 6)}">${escapeText(bar.shown)}</text>`;
    const [first, second] = bar.label;
    const label = `<text class="figure-label" aria-hidden="true" x="${x(0.5)}" y="${base + 16}">${escapeText(first)}<tspan x="${x(0.5)}" dy="15">${escapeText(second)}</tspan></text>`;
    return `<g class="figure-column">${linked(bar.href, bar.words, drawn)}${label}</g>`;
  });
  return `<div class="figure">${svg(id, name, columnsHeight, kinds, `<line class="figure-axis" x1="0" x2="100%" y1="${base}" y2="${base}"/>${columns.join('')}`)}</div>`;
}

/**
 * @param id unique in its page
 * @param whole the value of a bar over the whole width; unset: the largest
 */
export function drawRows(id: string, name: string, rows: Row[], whole?: number): string {
  const most = whole ?? Math.max(1e-9, ...rows.map(({ value }) => value));
  const kinds = 1 + Math.max(0, ...rows.map(({ kind = 0 }) => kind));
  const drawn = rows.map(({ words, shown, href, value, kind = 0 }, at) => {
    const y = at * rowHeight;
    const bar = `<rect class="figure-hit" x="0" y="${y}" width="100%" height="${rowHeight - 4}"/><text class="figure-words" x="0" y="${y + 16}">${escapeText(words)}</text> <text class="figure-value figure-end" x="100%" y="${y + 16}">${escapeText(shown)}</text><rect ${fill(id, kind)} x="0" y="${y + 24}" width="${round(Math.max(0.5, (value / most) * 100))}%" height="12"/>`;
    return `<a href="${escapeText(href)}">${bar}</a>`;
  });
  return `<div class="figure-rows">${svg(id, name, rows.length * rowHeight, kinds, drawn.join(''))}</div>`;
}

/** @param id of the drawing that it explains */
export function drawLegend(id: string, kinds: { kind: number; words: string }[]): string {
  const keys = kinds.map(
    ({ kind, words }) =>
      `<span><svg class="figure-key" width="16" height="16" aria-hidden="true"><rect ${fill(id, kind)} width="16" height="16"/></svg>${escapeText(words)}</span>`,
  );
  return `<p class="figure-legend">${keys.join('')}</p>`;
}

function svg(id: string, name: string, height: number, kinds: number, drawn: string): string {
  const patterns = Array.from({ length: kinds }, (_, kind) => pattern(id, kind)).join('');
  return `<svg width="100%" height="${height}" role="group" aria-label="${escapeText(name)}"><defs>${patterns}</defs>${drawn}</svg>`;
}

const fill = (id: string, kind: number): string => `class="figure-bar" fill="url(#${id}-${kind})"`;

/** The patterns of the kinds: full, striped, dotted. */
function pattern(id: string, kind: number): string {
  const marks = [
    '',
    '<path class="figure-mark" d="M-2 2 2 -2M0 8 8 0M6 10 10 6"/>',
    '<circle class="figure-dot" cx="4" cy="4" r="1.6"/>',
  ];
  return `<pattern id="${id}-${kind}" width="8" height="8" patternUnits="userSpaceOnUse"><rect class="figure-kind-${kind}" width="8" height="8"/>${marks[kind] ?? ''}</pattern>`;
}

function linked(href: string | null, words: string, drawn: string): string {
  const title = `<title>${escapeText(words)}</title>`;
  return href
    ? `<a href="${escapeText(href)}" aria-label="${escapeText(words)}">${title}${drawn}</a>`
    : `<g role="img" aria-label="${escapeText(words)}">${title}${drawn}</g>`;
}

const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);
const round = (value: number): number => Math.round(value * 100) / 100;
