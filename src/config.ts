// Environment → typed values, validated once at the start. Only this file, and lib/command-line.ts for the words of a
// hint, read process.env in the product.
import { z } from 'zod';
import { isIP } from 'node:net';
import { mostAcuityCalls, unsafeSettings } from './config.production.ts';
import { isLoopback } from './lib/addresses.ts';
import { type Keyring, parseKeyring } from './lib/keyring.ts';
import { parseSecretRing, type SecretRing } from './lib/secret-ring.ts';
import { addressParts, readVariables } from './lib/variables.ts';

const flag = z.stringbool();
const port = z.coerce.number({ error: 'needs a port number from 0 to 65535' }).int().min(0).max(65535);
const url = z.url();

// The default outside production. It is public.
const demoKeys = `demo:${'0123456789abcdef'.repeat(4)}`;

const listOf = (text: string): string[] => text.split(/[,\s]+/).filter(Boolean);

/** Express's formats, except `true`: it would trust every client's headers. */
function isTrustProxy(text: string): boolean {
  if (/^\d{1,2}$/.test(text)) return true;
  return text.split(',').every((part) => {
    const [address = '', bits, ...rest] = part.trim().split('/');
    if (['loopback', 'linklocal', 'uniquelocal'].includes(part.trim())) return true;
    return isIP(address) > 0 && rest.length === 0 && (bits === undefined || /^\d{1,3}$/.test(bits));
  });
}

/** The format of Standard Webhooks. A secret that cannot be decoded would silently reject every event. */
const isWebhookSecret = (secret: string): boolean =>
  /^(whsec_)?(?=.)([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(secret);

const encryptionKeys = z
  .string()
  .default(demoKeys)
  .transform((text, context): Keyring => {
    const keyring = parseKeyring(text);
    if (keyring) return keyring;
    context.addIssue({
      code: 'custom',
      message: 'needs id:key, the key in 64 hex digits; several with commas',
    });
    return z.NEVER;
  });

const secretRing = z.string().transform((text, context): SecretRing => {
  const ring = parseSecretRing(text);
  if (ring) return ring;
  context.addIssue({ code: 'custom', message: 'needs a secret; several different ones with commas' });
  return z.NEVER;
});

const schema = z.object({
  NODE_ENV: z.enum(['development', 'test', 'production']).default('development'),
  PORT: port.default(3000),
  /** The address to listen on. Unset: see listenAddress(). */
  HOST: z.string().min(1).optional(),
  /** Where a worker answers /healthz, /readyz and /metrics. Unset: see healthPort(). */
  HEALTH_PORT: port.optional(),
  BASE_URL: url.optional(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  DATA_DIR: z.string().min(1).default('.data'),
  DATABASE_URL: url,
  MIGRATION_DATABASE_URL: url.optional(),
  DATABASE_POOL_MAX: z.coerce.number().int().min(2).max(200).default(10),
  /** The database's statement time-out for web, worker and relay; 0: none. */
  DATABASE_STATEMENT_TIMEOUT_MS: z.coerce.number().int().min(0).max(3_600_000).default(30_000),
  REDIS_URL: url.optional(),
  /** Several with commas: the first makes what is new, all are accepted. */
  BETTER_AUTH_SECRET: secretRing.refine((ring) => ring.every((secret) => secret.length >= 32), {
    message: 'needs at least 32 random characters; several secrets are separated by commas',
  }),
  SMTP_URL: url,
  MAIL_FROM: z.string().min(3).default('Examdesk <bookings@examdesk.example>'),
  ACUITY_BASE_URL: url,
  ACUITY_USER_ID: z.string().min(1),
  /** Several with commas: calls use the first that Acuity accepts, events may be signed with any. */
  ACUITY_API_KEY: secretRing,
  ACUITY_REFERENCE_FIELD_ID: z.coerce.number().int().positive().optional(),
  /** How long one call to Acuity may take. */
  ACUITY_TIMEOUT_MS: z.coerce.number().int().positive().default(12_000),
  /** How many calls a second all processes together may begin. */
  ACUITY_CALLS_PER_SECOND: z.coerce.number().int().min(1).max(1_000).default(mostAcuityCalls),
  /** The question of Acuity's form whose answer is the referrer's e-mail address; unset: the client's own. */
  REFERRER_FIELD_ID: z.coerce.number().int().positive().optional(),
  /** How long the relay waits before it delivers an event. */
  WEBHOOK_DELAY_SECONDS: z.coerce.number().min(0).max(3_600).default(30),
  /** Where the relay delivers; unset: our own /webhooks/acuity. */
  RELAY_TARGET_URL: url.optional(),
  /** Secrets of another automation layer (Standard Webhooks), separated by commas; unset: JSON is refused. */
  AUTOMATION_SECRETS: z
    .string()
    .default('')
    .transform(listOf)
    .refine((secrets) => secrets.every(isWebhookSecret), { message: 'needs whsec_ and base64 for each' }),
  /** Whether processes that run jobs also deliver events. */
  RUN_RELAY: flag.default(true),
  /** Unset in production: /metrics is closed. */
  METRICS_TOKEN: z.string().min(1).optional(),
  /** Where documents are stored. Unset outside production: npm start and the tests use a store of their own. */
  S3_BUCKET: z.string().min(3).optional(),
  S3_REGION: z.string().min(1).default('us-east-1'),
  /** Unset: Amazon's own. */
  S3_ENDPOINT: url.optional(),
  /** The store's URL for browsers; `none`: no direct uploads. Unset: see browserEndpointOf(). */
  S3_BROWSER_ENDPOINT: z.union([z.literal('none'), z.url({ protocol: /^https?$/ })]).optional(),
  /** Unset: the machine's own credentials (role, profile). */
  S3_ACCESS_KEY_ID: z.string().min(1).optional(),
  S3_SECRET_ACCESS_KEY: z.string().min(1).optional(),
  S3_FORCE_PATH_STYLE: flag.default(false),
  /** The encryption requested from the store. */
  S3_ENCRYPTION: z.enum(['AES256', 'aws:kms', 'none']).default('AES256'),
  /** The longest pause between two bytes of the store's response. */
  S3_TIMEOUT_MS: z.coerce.number().int().positive().default(30_000),
  UPLOAD_MAX_BYTES: z.coerce.number().int().positive().default(524_288_000),
  /** Accepted kinds of documents, separated by commas (src/documents/content/kinds.ts); unset: all. */
  UPLOAD_TYPES: z.string().min(1).optional(),
  /** How long the bytes of a deleted document are kept; unset: for ever. */
  DOCUMENT_RETENTION_DAYS: z.coerce.number().int().min(0).optional(),
  /** The virus scanner, tcp://host:port; unset: uploads are not scanned. */
  CLAMD_URL: z.url({ protocol: /^tcp$/ }).optional(),
  /** Express's trust proxy: a number of hops, or addresses. */
  TRUST_PROXY: z
    .string()
    .refine(isTrustProxy, { message: 'needs a number of proxies, or their addresses with commas' })
    .optional(),
  /** At a stop: how long new connections are still accepted. Unset: see stopTimes(). */
  STOP_GRACE_SECONDS: z.coerce.number().min(0).max(600).optional(),
  /** At a stop: how long running requests may take after that. */
  STOP_TIMEOUT_SECONDS: z.coerce.number().min(0).max(21_600).default(20),
  /** Whether the web process also runs jobs. */
  RUN_WORKER: flag.default(true),
  /** Keys that seal the audit log: `id:64 hex digits`, separated by commas, the current one first. */
  ENCRYPTION_KEYS: encryptionKeys,
  /** Whether the demo's people may sign in; refused in production. */
  DEMO_ACCOUNTS: flag.default(false),
});

/** The ports of the stand-ins, which only npm start and npm run acuity read. */
const standInPorts = z.object({ ACUITY_SIM_PORT: port.optional(), MAILBOX_PORT: port.optional() });

/** Every variable. Each may be given as a file: `NAME_FILE` for `NAME`. */
export const configVariables = [...Object.keys(schema.shape), ...addressParts];

/** Optional outside production, where stand-ins replace them. */
const neededInProduction = ['BASE_URL', 'REDIS_URL', 'ENCRYPTION_KEYS', 'S3_BUCKET', 'S3_REGION'] as const;

export type Config = Omit<z.output<typeof schema>, 'BASE_URL'> & { BASE_URL: string };

export class ConfigError extends Error {
  readonly problems: string[];
  constructor(problems: string[]) {
    super(['The configuration is not complete:', ...problems.map((p) => `  ${p}`)].join('\n'));
    this.problems = problems;
  }
}

/**
 * The variables that are set, not validated: files are read, and URLs contain their user names and passwords.
 * @throws ConfigError
 */
export function givenVariables(env: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const { values, problems } = readVariables(env, configVariables);
  if (problems.length > 0) throw new ConfigError(problems);
  return values;
}

/** For commands that need only the keys. @throws ConfigError */
export function readEncryptionKeys(env: NodeJS.ProcessEnv = process.env): Keyring {
  const parsed = encryptionKeys.safeParse(givenVariables(env).ENCRYPTION_KEYS);
  if (!parsed.success) throw new ConfigError([`ENCRYPTION_KEYS: ${parsed.error.issues[0]?.message}`]);
  return parsed.data;
}

/**
 * For npm start, before it starts anything: what is missing is stood in for.
 * @throws ConfigError with one line for each given variable that is wrong, without its value.
 */
export function checkGivenVariables(env: NodeJS.ProcessEnv = process.env): void {
  const { error } = schema.partial().extend(standInPorts.shape).safeParse(givenVariables(env));
  if (error) throw new ConfigError(error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`));
}

/** @throws ConfigError with one line for each variable that is missing or wrong, without its value. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const { values: given, problems } = readVariables(env, configVariables);
  const parsed = schema.safeParse(given);
  for (const { path, message } of parsed.error?.issues ?? []) {
    const name = path.join('.');
    problems.push(`${name}: ${given[name] === undefined ? 'is missing' : message}`);
  }
  if (given.NODE_ENV === 'production') {
    for (const name of neededInProduction) if (!given[name]) problems.push(`${name}: is missing`);
    if (given.DEMO_ACCOUNTS === 'true') problems.push('DEMO_ACCOUNTS: is refused in production');
    problems.push(...unsafeSettings(given));
  }
  if (parsed.data && isMixedContent(parsed.data))
    problems.push('S3_BROWSER_ENDPOINT: needs https like BASE_URL: browsers block the other');
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  return { ...parsed.data, BASE_URL: parsed.data.BASE_URL ?? `http://localhost:${parsed.data.PORT}` };
}

const defaultHealthPort = 3004;

/** The worker's port. A second worker on the same machine uses a free port, unless HEALTH_PORT is set. */
export function healthPort({ HEALTH_PORT }: Config): { port: number; takesAnyPort: boolean } {
  return { port: HEALTH_PORT ?? defaultHealthPort, takesAnyPort: HEALTH_PORT === undefined };
}

/** Outside production only this machine can connect; undefined: listen on all addresses. */
export function listenAddress({ HOST, NODE_ENV }: Config): string | undefined {
  return HOST ?? (NODE_ENV === 'production' ? undefined : '127.0.0.1');
}

/**
 * Whether mail must be encrypted (STARTTLS with smtp://). Not required for a mail server on this machine, or when the
 * URL says `?ignoreTLS=true`.
 */
export function mailNeedsTls({ NODE_ENV, SMTP_URL }: Config): boolean {
  const { hostname, searchParams } = new URL(SMTP_URL);
  return NODE_ENV === 'production' && !isLoopback(hostname) && searchParams.get('ignoreTLS') !== 'true';
}

/** Outside production no proxy has to see the stop first. */
export function stopTimes(config: Config): { graceMs: number; timeoutMs: number } {
  const graceSeconds = config.STOP_GRACE_SECONDS ?? (config.NODE_ENV === 'production' ? 5 : 0);
  return { graceMs: graceSeconds * 1_000, timeoutMs: config.STOP_TIMEOUT_SECONDS * 1_000 };
}

/** Browsers block requests from an https page to http, except to their own machine. */
function isMixedContent({
  BASE_URL = '',
  S3_BROWSER_ENDPOINT: endpoint = 'none',
}: z.output<typeof schema>): boolean {
  if (!BASE_URL.startsWith('https:') || !endpoint.startsWith('http:')) return false;
  return !isLoopback(new URL(endpoint).hostname);
}
