// Facts about other processes, from the operating system.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** Whether the process is running. A zombie is not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return process.platform !== 'linux' || statusOf(pid)?.state !== 'Z';
}

/** Its command line, or '' when the process is gone. */
export async function commandLine(pid: number): Promise<string> {
  if (process.platform === 'linux') {
    const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return words.replaceAll('\0', ' ').trim();
  }
  return ps(pid, 'args');
}

/**
 * The npm that started this process, or null. npm runs us through a shell, and which of the three processes receives a
 * signal depends on both, so the supervisor checks whether npm is still running.
 */
export async function npmAbove(): Promise<number | null> {
  if (process.env.npm_lifecycle_event === undefined || process.platform === 'win32') return null;
  const parent = process.ppid;
  const throughShell = /^\S*sh -c /.test(await commandLine(parent));
  return throughShell ? parentOf(parent) : parent;
}

async function parentOf(pid: number): Promise<number> {
  if (process.platform === 'linux') return statusOf(pid)?.parent ?? 1;
  return Number(await ps(pid, 'ppid'));
}

function statusOf(pid: number): { state: string; parent: number } | null {
  try {
    // pid (name) state ppid …; the name can contain spaces and brackets
    const [state = '', parent = ''] =
      readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return { state, parent: Number(parent) };
  } catch {
    return null;
  }
}

async function ps(pid: number, column: string): Promise<string> {
  const asked = promisify(execFile)('ps', ['-o', `${column}=`, '-p', String(pid)]);
  const { stdout } = await asked.catch(() => ({ stdout: '' }));
  return stdout.trim();
}
