import os from 'node:os';
import type { BenchResult } from './result.ts';

/** The results as a Markdown table, with its columns in line. */
export function tableOf(results: BenchResult[]): string {
  const rows = [
    ['figure', 'goal', 'now', 'ratio'],
    ...results.map(({ name, goal = '', detail, ratio, failures = [] }) => [
      name,
      goal,
      detail,
      ratio.toFixed(2) + (failures.length > 0 ? ' missed' : ''),
    ]),
  ];
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => `| ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`);
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [lines[0], rule, ...lines.slice(1)].join('\n');
}

/** Processors, memory, Node, and how busy it was: figures of a busy machine are worse. */
export function machine(): string {
  const [cpu] = os.cpus();
  const memory = Math.round(os.totalmem() / 2 ** 30);
  const [busy = 0] = os.loadavg();
  return `${os.availableParallelism()} × ${cpu?.model.trim() || os.arch()}, ${memory} GB, ${os.platform()}, Node ${process.versions.node}, load ${busy.toFixed(1)} at the end`;
}
