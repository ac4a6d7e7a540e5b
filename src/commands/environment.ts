// The environment as the commands and npm start read it. The product itself reads it only in src/config.ts.
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

/** A start that fails with one line and no stack. */
export class StartError extends Error {}
