// What production refuses although it could run with it: one line each, which says what to set. Values are never
// repeated.
import { isLoopback } from './lib/addresses.ts';
import { parseSecretRing } from './lib/secret-ring.ts';

/** The simulator's key, which is public in this repository. */
export const demoAcuityKey = 'demo-acuity-key';

/**
 * Acuity refuses more than ten calls in any second, and does not document how it counts. Eight a second with a burst of
 * two stay within ten for a token bucket, a sliding window and a fixed window.
 */
export const mostAcuityCalls = 8;

type Given = Readonly<Record<string, string | undefined>>;

/** @param given the environment; readConfig reports what is missing or unreadable */
export function unsafeSettings(given: Given): string[] {
  const problems: string[] = [];
  const refuse = (name: string, why: string) => problems.push(`${name}: ${why}`);
  const {
    BASE_URL,
    ACUITY_BASE_URL,
    SMTP_URL,
    ACUITY_API_KEY,
    BETTER_AUTH_SECRET,
    ENCRYPTION_KEYS,
    METRICS_TOKEN,
    AUTOMATION_SECRETS,
    ACUITY_CALLS_PER_SECOND,
  } = given;
  for (const [name, address] of Object.entries({ BASE_URL, ACUITY_BASE_URL })) {
    if (isUnencrypted(address)) refuse(name, 'needs https; http is for localhost only');
  }
  if (BASE_URL?.startsWith('https:') && given.TRUST_PROXY === undefined)
    refuse(
      'TRUST_PROXY',
      'is missing: with https a proxy stands in front. Set how many do (1), or their addresses; without it all people count as one address',
    );
  if (SMTP_URL !== undefined && !isMailUrl(SMTP_URL))
    refuse('SMTP_URL', 'needs smtps://, or smtp:// (which then encrypts by STARTTLS)');
  if (parseSecretRing(ACUITY_API_KEY ?? '')?.includes(demoAcuityKey))
    refuse('ACUITY_API_KEY', 'is the demo’s: set the key that Acuity shows under Integrations, API');
  if (Number(ACUITY_CALLS_PER_SECOND) > mostAcuityCalls)
    refuse(
      'ACUITY_CALLS_PER_SECOND',
      `may be ${mostAcuityCalls} at most: Acuity refuses calls beyond ten a second`,
    );
  if (parseSecretRing(BETTER_AUTH_SECRET ?? '')?.some((secret) => isSimple(secret, 10)))
    refuse('BETTER_AUTH_SECRET', 'can be guessed: set the output of openssl rand -base64 32');
  if (hexKeysOf(ENCRYPTION_KEYS).some((key) => isSimple(key, 8)))
    refuse(
      'ENCRYPTION_KEYS',
      'has a key that can be guessed: set id: and the output of openssl rand -hex 32',
    );
  if (METRICS_TOKEN !== undefined && (METRICS_TOKEN.length < 16 || isSimple(METRICS_TOKEN, 8)))
    refuse('METRICS_TOKEN', 'can be guessed: set the output of openssl rand -hex 24');
  if (
    secretsIn(AUTOMATION_SECRETS).some(
      (secret) => secret.length < 24 || isSimple(secret.toString('latin1'), 8),
    )
  )
    refuse(
      'AUTOMATION_SECRETS',
      'has a secret that can be guessed: set whsec_ and the output of openssl rand -base64 32',
    );
  return problems;
}

/** The values of a variable that may hold several. */
function partsOf(text = ''): string[] {
  return text.split(/[,\s]+/).filter(Boolean);
}

function isUnencrypted(address: string | undefined): boolean {
  if (!address || !URL.canParse(address)) return false;
  const { protocol, hostname } = new URL(address);
  return protocol !== 'https:' && !isLoopback(hostname);
}

function isMailUrl(url: string): boolean {
  return !URL.canParse(url) || /^smtps?:$/.test(new URL(url).protocol);
}

/** Standard Webhooks secrets: base64 with a prefix. */
function secretsIn(text?: string): Buffer[] {
  return partsOf(text).map((secret) => Buffer.from(secret.replace(/^whsec_/, ''), 'base64'));
}

function hexKeysOf(text?: string): string[] {
  return partsOf(text).map((entry) => entry.slice(entry.indexOf(':') + 1).toLowerCase());
}

const placeholders =
  /change.?me|replace.?(me|this)|example|(?<![a-z])(demo|test|tests|secret|password|placeholder|default|examdesk)(?![a-z])|your.(secret|key)/i;

/**
 * Whether a secret was typed rather than generated: few different characters, a repeated part, a run of the alphabet,
 * or a placeholder's words. At most one of a million random secrets looks so.
 * @param fewest minimum number of different characters
 */
export function isSimple(secret: string, fewest: number): boolean {
  if (new Set(secret).size < fewest || placeholders.test(secret)) return true;
  // A text that repeats a part occurs in its own double before the second half begins.
  return (secret + secret).indexOf(secret, 1) < secret.length || longestRun(secret) >= 8;
}

/** The length of the longest run of consecutive characters, up or down: `abcdefgh`, `87654321`. */
function longestRun(text: string): number {
  let [longest, run, step] = [1, 1, 0];
  for (let i = 1; i < text.length; i += 1) {
    const now = text.charCodeAt(i) - text.charCodeAt(i - 1);
    run = Math.abs(now) === 1 && now === step ? run + 1 : Math.abs(now) === 1 ? 2 : 1;
    step = now;
    longest = Math.max(longest, run);
  }
  return longest;
}
