// One line on a terminal that grows; silent where nobody watches, as in a log.

export interface ProgressBar {
  show(done: number, of: number): void;
  /** Ends the line; may be called twice. */
  done(): void;
}

const width = 30;

export function progressBar(label: string, out: NodeJS.WriteStream = process.stderr): ProgressBar {
  let isOpen = false;
  return {
    show(done, of) {
      if (!out.isTTY) return;
      const part = of === 0 ? 1 : Math.min(1, done / of);
      const filled = Math.round(part * width);
      out.write(`\r${label} ${'█'.repeat(filled)}${'░'.repeat(width - filled)} ${Math.round(part * 100)} %`);
      isOpen = true;
    },
    done() {
      if (isOpen) out.write('\n');
      isOpen = false;
    },
  };
}
