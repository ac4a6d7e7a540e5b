// Log lines go to standard output several at a time: every request writes one, and each write is a system call.
import { pino } from 'pino';

const gatherMs = 20;

let output: { write(line: string): void } | undefined;

/** The same for all logs of the process. What a process that is killed loses is the last moment's lines. */
export function logOutput(): { write(line: string): void } {
  output ??= gathered();
  return output;
}

function gathered(): { write(line: string): void } {
  const destination = pino.destination({ dest: 1, sync: true, minLength: 8_192 });
  let timer: NodeJS.Timeout | null = null;
  const flush = () => {
    timer = null;
    destination.flushSync();
  };
  // Also after an error that nobody caught.
  process.on('exit', flush);
  return {
    write(line) {
      destination.write(line);
      timer ??= setTimeout(flush, gatherMs).unref();
    },
  };
}
