// The variables that npm start gives the app.
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setting } from '../commands/environment.ts';
import { demoAcuityKey } from '../config.production.ts';

/** Used unless something else is set. */
export const demoDefaults = {
  ACUITY_USER_ID: '11100001',
  ACUITY_API_KEY: demoAcuityKey,
  DEMO_ACCOUNTS: 'true',
  WEBHOOK_DELAY_SECONDS: '2',
} as const;

/** The two that the simulator accepts and signs with. */
export function acuityCredentials(): { ACUITY_USER_ID: string; ACUITY_API_KEY: string } {
  return {
    ACUITY_USER_ID: setting('ACUITY_USER_ID') ?? demoDefaults.ACUITY_USER_ID,
    ACUITY_API_KEY: setting('ACUITY_API_KEY') ?? demoDefaults.ACUITY_API_KEY,
  };
}

/** The secret that signs the demo's sessions: created once, so that sessions survive a restart. */
export async function keptSecret(dataDir: string): Promise<string> {
  const file = path.join(dataDir, 'auth-secret');
  const kept = (await readFile(file, 'utf8').catch(() => '')).trim();
  if (kept.length >= 32) return kept;
  const secret = randomBytes(32).toString('base64url');
  await writeFile(file, secret, { mode: 0o600 });
  return secret;
}
