// The .env of docker-compose.yml as docker/make-env.sh writes it, filled in with secrets of every special character.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseComposeEnv } from './compose-file.ts';

const script = path.resolve(import.meta.dirname, '../../docker/make-env.sh');
const specialCharacters = `$x \${y} @:/?#&=+%40 "q" 'q' ;,<>()[]{}|*!~^\`\tü€`;

/** @returns the file that the script wrote */
export function madeEnv(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'examdesk-env-'));
  try {
    execFileSync('sh', [script, path.join(folder, '.env')]);
    return readFileSync(path.join(folder, '.env'), 'utf8');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Fills it in by the rule that the file states. */
export function specialCharacterEnv(): Record<string, string> {
  const lines = Object.entries(parseComposeEnv(madeEnv())).map(([name, value]) => {
    const isFree = !/_URL$|^S3_BROWSER_ENDPOINT$|^BACKUP_|^ENCRYPTION_KEYS$|^ACUITY_USER_ID$/.test(name);
    // Mail servers refuse a tab in a user's name; a comma separates the secrets of a ring.
    const refused: Record<string, string> = { SMTP_USER: '\t', BETTER_AUTH_SECRET: ',', ACUITY_API_KEY: ',' };
    const secret = specialCharacters.replace(refused[name] ?? '', '');
    const filled = isFree ? `${secret}${name.replaceAll('_', '').repeat(3)}` : value || '11100001';
    return `${name}='${filled.replaceAll("'", "\\'")}'`;
  });
  return parseComposeEnv(lines.join('\n'));
}
