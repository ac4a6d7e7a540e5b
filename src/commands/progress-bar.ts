// A progress line on a terminal; prints nothing when the output is not a terminal.

export interface ProgressBar {
  show(done: number, of: number): void;
  /** Ends the line; may be called twice. */
  done(): void;
}

const width = 30;

/** @param unit what is counted: then the line also shows how many a second, and the remaining time */
export function progressBar(
  label: string,
  { unit = '', out = process.stderr }: { unit?: string; out?: NodeJS.WriteStream } = {},
): ProgressBar {
  let isOpen = false;
  const startedAt = performance.now();
  let shownAt = Number.NEGATIVE_INFINITY;
  return {
    show(done, of) {
      const now = performance.now();
      if (!out.isTTY || (done < of && now - shownAt < 100)) return;
      shownAt = now;
      const part = of === 0 ? 1 : Math.min(1, done / of);
      const filled = Math.round(part * width);
      const pace = unit === '' ? '' : paceOf(done, of, unit, now - startedAt);
      const bar = '█'.repeat(filled) + '░'.repeat(width - filled);
      out.write(`\r${label} ${bar} ${Math.round(part * 100)} %${pace}\x1b[K`);
      isOpen = true;
    },
    done() {
      if (isOpen) out.write('\n');
      isOpen = false;
    },
  };
}

function paceOf(done: number, of: number, unit: string, elapsedMs: number): string {
  if (done === 0 || elapsedMs < 1_000) return `  ${done} of ${of} ${unit}`;
  const perSecond = done / (elapsedMs / 1_000);
  const rest = Math.ceil((of - done) / perSecond);
  const minutes = Math.floor(rest / 60);
  return `  ${done} of ${of} ${unit}, ${perSecond.toFixed(1)} a second, ${minutes}:${String(rest % 60).padStart(2, '0')} left`;
}
