// Reads variables before they are validated. Secrets may contain any character: they can be read from files, and given
// apart from the URL they belong to.
import { readFileSync } from 'node:fs';

const parts = {
  DATABASE_PASSWORD: { address: 'DATABASE_URL', part: 'password' },
  MIGRATION_DATABASE_PASSWORD: { address: 'MIGRATION_DATABASE_URL', part: 'password' },
  REDIS_PASSWORD: { address: 'REDIS_URL', part: 'password' },
  SMTP_USER: { address: 'SMTP_URL', part: 'username' },
  SMTP_PASSWORD: { address: 'SMTP_URL', part: 'password' },
} as const;

/** Variables whose value becomes part of a URL; in the URL itself, `@` would have to be written `%40`. */
export const addressParts = Object.keys(parts);

export interface Variables {
  values: Record<string, string>;
  /** One line each; they never contain values. */
  problems: string[];
}

/**
 * An empty variable counts as unset, because .env and compose files write it so. Variables that were read from a file
 * or put into a URL are removed: the values can be read again as an environment.
 * @param fromFiles variables that may be given as `NAME_FILE`, the path of a file with the value
 */
export function readVariables(env: Record<string, string | undefined>, fromFiles: string[]): Variables {
  const problems: string[] = [];
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) if (value) values[name] = value;
  for (const name of fromFiles) {
    const file = values[`${name}_FILE`];
    if (file === undefined) continue;
    delete values[`${name}_FILE`];
    if (values[name] !== undefined) problems.push(`${name}_FILE: ${name} is set too; keep one of them`);
    try {
      // Editors and `echo` add a line break, which is not part of the secret.
      values[name] = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    } catch (error) {
      problems.push(`${name}_FILE: cannot be read (${(error as NodeJS.ErrnoException).code})`);
    }
  }
  for (const [name, { address, part }] of Object.entries(parts)) {
    const value = values[name];
    if (!value) continue;
    delete values[name];
    const url = URL.parse(values[address] ?? '');
    if (!url?.hostname) problems.push(`${name}: needs ${address} with a host`);
    else if (url[part]) problems.push(`${name}: ${address} holds one already; keep one of them`);
    else {
      url[part] = encodeURIComponent(value);
      values[address] = url.href;
    }
  }
  return { values, problems };
}
