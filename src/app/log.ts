// Log lines go to standard output several at a time: every request writes one, and each write is a system call.

const gatherMs = 20;
const longestGathered = 8_192;

export interface LogOutput {
  write(line: string): void;
}

let output: LogOutput | undefined;

/** All logs of the process share it. A process that is killed loses the lines of the last moment. */
export function logOutput(): LogOutput {
  output ??= gathered();
  return output;
}

// Not pino's own destination: its flushSync tries for ever when nobody reads the pipe any more (EPIPE), and the process
// stands still.
function gathered(): LogOutput {
  let lines = '';
  let timer: NodeJS.Timeout | null = null;
  const flush = () => {
    if (timer) clearTimeout(timer);
    timer = null;
    const text = lines;
    lines = '';
    if (text) process.stdout.write(text);
  };
  // Writes the remaining lines, also after an uncaught error. Node writes to pipes and files synchronously.
  process.on('exit', flush);
  // If nobody can read the log, the app goes on without it: there is no place to report that.
  process.stdout.on('error', () => undefined);
  return {
    write(line) {
      lines += line;
      if (lines.length > longestGathered) flush();
      else timer ??= setTimeout(flush, gatherMs).unref();
    },
  };
}
