// The environment as the commands and npm start read it. The product itself reads it only in src/config.ts.
import os from 'node:os';
import path from 'node:path';
import { givenVariables } from '../config.ts';

/**
 * Adds the variables of a `.env` file beside package.json; variables that are set keep their value. Not in production.
 */
export function loadEnvFile(): void {
  if (isProduction()) return;
  try {
    process.loadEnvFile(path.join(projectRoot, '.env'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

export const projectRoot = path.resolve(import.meta.dirname, '../..');

export function isProduction(): boolean {
  return process.env.NODE_ENV === 'production';
}

/** The variable's value; an empty one counts as unset. @throws ConfigError */
export function setting(name: string): string | undefined {
  return givenVariables()[name];
}

/** An absolute path. */
export function dataDirectory(): string {
  return path.resolve(projectRoot, setting('DATA_DIR') ?? '.data');
}

/** The path relative to the project's folder. */
export function shown(absolute: string): string {
  const relative = path.relative(projectRoot, absolute);
  return relative.startsWith('..') || path.isAbsolute(relative) ? absolute : relative || '.';
}

/** Names the file's whole path and the user: the command may run in another folder, and as another user, than it was typed. */
export function fileFailure(what: 'read' | 'written', file: string, { code }: NodeJS.ErrnoException): string {
  const known = what === 'read' ? 'read' : 'write';
  const hint = code === 'EACCES' ? `: put it where that user may ${known} it, like /tmp` : '';
  return `${path.resolve(file)} cannot be ${what} by the user ${userName()} (${code ?? 'unknown'})${hint}`;
}

function userName(): string {
  try {
    return os.userInfo().username;
  } catch {
    // A container may run as a number that no account has.
    return String(process.getuid?.() ?? 'unknown');
  }
}

/** A start that fails with one line and no stack. */
export class StartError extends Error {}
