// Finds secrets that can be guessed. Never shows any part of a secret.
import type { SecretRing } from '../lib/secret-ring.ts';
import { ok, warning, wrong, type Check, type Line } from './check.ts';

export interface Secrets {
  BETTER_AUTH_SECRET: SecretRing;
  /** The first of ENCRYPTION_KEYS. */
  sealKey: Buffer;
  ACUITY_API_KEY: SecretRing;
  METRICS_TOKEN?: string | undefined;
  S3_SECRET_ACCESS_KEY?: string | undefined;
  DATABASE_URL: string;
  SMTP_URL: string;
  REDIS_URL?: string | undefined;
}

export function secretsCheck(
  secrets: Secrets,
  isProduction: boolean,
  countSecondSteps: () => Promise<number>,
): Check {
  return {
    id: 'secrets',
    title: 'Secrets',
    run: async () => [...secretLines(secrets, isProduction), ...ringLines(secrets, await countSecondSteps())],
  };
}

/** @param secondSteps how many an earlier secret than the first encrypted */
export function ringLines(
  { BETTER_AUTH_SECRET, ACUITY_API_KEY }: Pick<Secrets, 'BETTER_AUTH_SECRET' | 'ACUITY_API_KEY'>,
  secondSteps: number,
): Line[] {
  const lines: Line[] = [];
  const isChanging = BETTER_AUTH_SECRET.length > 1;
  if (secondSteps > 0 && isChanging)
    lines.push(
      warning(
        `${secondSteps} second steps of sign-in still need an earlier secret of BETTER_AUTH_SECRET`,
        'Without it these people cannot sign in.',
        'Leave it there, and let a worker run: it encrypts them with the first secret within an hour',
      ),
    );
  else if (secondSteps > 0)
    lines.push(
      wrong(
        `${secondSteps} second steps of sign-in were encrypted with a secret that BETTER_AUTH_SECRET no longer has`,
        'These people cannot sign in.',
        'Put that secret behind the current one, with a comma, until a worker has run',
      ),
    );
  else if (isChanging)
    lines.push(
      ok(
        'BETTER_AUTH_SECRET has several secrets, and no second step needs an earlier one',
        'Remove the earlier ones seven days after the change: invitations sent before it need them.',
      ),
    );
  if (ACUITY_API_KEY.length > 1)
    lines.push(
      ok(
        'ACUITY_API_KEY has several keys',
        'Remove the earlier ones two days after the change: events signed before it may still wait.',
      ),
    );
  return lines;
}

const newSecret = { text: 'Make a new one', command: 'openssl rand -base64 32' };
const newKey = {
  text: 'Make a new one, and put it before the old one: new:…,old:…',
  command: 'openssl rand -hex 32',
};
const publicKeys = ['demo-acuity-key'];
const commonPasswords = [
  'admin',
  'changeme',
  'demo',
  'examdesk',
  'guest',
  'minioadmin',
  'password',
  'postgres',
  'redis',
  'root',
  'secret',
  'test',
];
const shortestPassword = 12;

export function secretLines(secrets: Secrets, isProduction: boolean): Line[] {
  if (!isProduction)
    return [ok('Not checked: NODE_ENV is not production', 'The demo’s secrets are known to everybody.')];
  const lines = [...ownSecrets(secrets), ...passwords(secrets)];
  return lines.length > 0 ? lines : [ok('No secret looks weak, and none is the demo’s')];
}

function ownSecrets({ BETTER_AUTH_SECRET, sealKey, ACUITY_API_KEY, METRICS_TOKEN }: Secrets): Line[] {
  const lines: Line[] = [];
  if (BETTER_AUTH_SECRET.some(isGuessable))
    lines.push(
      wrong(
        'BETTER_AUTH_SECRET looks as if somebody had typed it',
        'Whoever guesses it can sign in as anybody.',
        { ...newSecret, text: 'Make a new one, and remove this one: everybody has to sign in again' },
      ),
    );
  if (isGuessable(sealKey.toString('hex')))
    lines.push(
      wrong(
        'The first key of ENCRYPTION_KEYS is the demo’s, or looks as if somebody had typed it',
        'Whoever knows it can change the audit log and seal it again.',
        newKey,
      ),
    );
  if (ACUITY_API_KEY.some((key) => publicKeys.includes(key)))
    lines.push(
      wrong(
        'ACUITY_API_KEY is the demo’s',
        'Anybody can sign events in Acuity’s name.',
        'Take the key from Acuity: Integrations, API, View credentials',
      ),
    );
  if (METRICS_TOKEN !== undefined && METRICS_TOKEN.length < 16)
    lines.push(warning('METRICS_TOKEN is short', 'Whoever guesses it reads how much is booked.', newSecret));
  return lines;
}

function passwords({ S3_SECRET_ACCESS_KEY, DATABASE_URL, SMTP_URL, REDIS_URL }: Secrets): Line[] {
  const given: Record<string, string | undefined> = {
    S3_SECRET_ACCESS_KEY,
    'The password in DATABASE_URL': passwordIn(DATABASE_URL),
    'The password in SMTP_URL': passwordIn(SMTP_URL),
    'The password in REDIS_URL': passwordIn(REDIS_URL),
  };
  return Object.entries(given).flatMap(([name, value]) =>
    value !== undefined && (value.length < shortestPassword || commonPasswords.includes(value.toLowerCase()))
      ? [
          warning(`${name} is short or common`, 'Whoever reaches the service can guess it.', {
            ...newSecret,
            text: 'Make a new one, set it in the service and here',
          }),
        ]
      : [],
  );
}

/** Undefined where there is none: then something else protects the service. */
function passwordIn(url: string | undefined): string | undefined {
  if (url === undefined) return undefined;
  const { password } = new URL(url);
  try {
    return decodeURIComponent(password) || undefined;
  } catch {
    return password; // a % that encodes nothing
  }
}

/** Few different characters, or one piece again and again: random text of 32 characters has neither. */
function isGuessable(text: string): boolean {
  const different = new Set(text).size;
  const isRepeated = /^(.{1,16}?)\1+$/s.test(text);
  return different < 8 || isRepeated || /change.?me|examdesk|secret|password/i.test(text);
}
