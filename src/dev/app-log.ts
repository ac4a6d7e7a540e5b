// Writes all output of the app to DATA_DIR/app.log, and prints warnings and errors on the terminal in words.
import { type WriteStream, createWriteStream } from 'node:fs';
import { rename, stat } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { complain } from '../commands/terminal.ts';

const rotatedAt = 10 * 1024 * 1024;
const warn = 40;

export interface AppLog {
  file: string;
  /** Writes every line of the stream to the log, and prints the important ones. */
  follow(stream: Readable): void;
  close(): Promise<void>;
}

export async function openAppLog(dataDir: string): Promise<AppLog> {
  const file = path.join(dataDir, 'app.log');
  const size = await stat(file).then(
    (found) => found.size,
    () => 0,
  );
  if (size > rotatedAt) await rename(file, `${file}.1`);
  const kept = createWriteStream(file, { flags: 'a', mode: 0o600 });
  return {
    file,
    follow: (stream) => {
      createInterface({ input: stream }).on('line', (line) => record(kept, line));
    },
    close: () => new Promise((resolve) => kept.end(() => resolve())),
  };
}

function record(kept: WriteStream, line: string): void {
  kept.write(`${line}\n`);
  const shown = inWords(line);
  if (shown !== null) complain(shown);
}

/**
 * A line for the terminal, or null for the log file only. Lines that are not pino's, such as a crash, are printed as
 * they are.
 */
export function inWords(line: string): string | null {
  const entry = parse(line);
  if (entry === null) return line;
  const { level } = entry;
  if (level < warn) return null;
  const name = level >= 60 ? 'FATAL' : level >= 50 ? 'ERROR' : 'WARN';
  const time = new Date(entry.time ?? Date.now()).toTimeString().slice(0, 8);
  const cause = entry.err?.message;
  return `${time} ${name} ${entry.msg ?? ''}${cause && cause !== entry.msg ? `: ${cause}` : ''}`;
}

interface PinoEntry {
  level: number;
  time?: number | string;
  msg?: string;
  err?: { message?: string };
}

function parse(line: string): PinoEntry | null {
  if (!line.startsWith('{')) return null;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && 'level' in value ? (value as PinoEntry) : null;
  } catch {
    return null;
  }
}
