// What the commands and npm start read from the environment. The product itself reads it in src/config.ts only.
import path from 'node:path';
import { givenVariables } from '../config.ts';

/** Adds what a `.env` file beside package.json says; what is set already stays. Not in production. */
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

/** Absolute. */
export function dataDirectory(): string {
  return path.resolve(projectRoot, setting('DATA_DIR') ?? '.data');
}

/** The path as one would type it in the project's folder. */
export function shown(absolute: string): string {
  const relative = path.relative(projectRoot, absolute);
  return relative.startsWith('..') || path.isAbsolute(relative) ? absolute : relative || '.';
}

/** A start that cannot be, told in one line and without a stack. */
export class StartError extends Error {}
