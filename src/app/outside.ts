// The doors to the outside, as the configuration names them: Acuity, the cache, the mail server, the file store and the
// virus scanner.
import { createAcuityClient, type AcuityClient } from '../adapters/acuity-http/index.ts';
import { createClamavScanner } from '../adapters/clamav-scanner.ts';
import { createMemoryCache } from '../adapters/memory-cache.ts';
import { createRedisCache } from '../adapters/redis-cache.ts';
import { createSmtpMailer } from '../adapters/smtp-mailer.ts';
import { mailNeedsTls, type Config } from '../config.ts';
import { errorFacts } from '../lib/error-facts.ts';
import type { Meters } from '../metrics/index.ts';
import type { Acuity } from '../ports/acuity.ts';
import type { Cache } from '../ports/cache.ts';
import type { Mailer } from '../ports/mailer.ts';
import type { ObjectStore, UploadStorage } from '../ports/object-store.ts';
import type { Scanner } from '../ports/scanner.ts';
import { checkSubscriptionsJob } from '../sync/index.ts';
import type { Ground } from './ground.ts';
import { objectStorage } from './storage.ts';

export interface Outside {
  acuity: AcuityClient;
  cache: Cache;
  mailer: Mailer;
  store: ObjectStore;
  uploads: UploadStorage;
  /** Null: uploads are not scanned. */
  scanner: Scanner | null;
}

/** The mail server, encrypted wherever the configuration requires it. */
export function connectMailServer(config: Config) {
  return createSmtpMailer(config.SMTP_URL, config.MAIL_FROM, { needsTls: mailNeedsTls(config) });
}

export function connectOutside(
  config: Config,
  { clock, log, jobs }: Ground,
  meters: Pick<Meters, 'acuity'>,
  overrides: Partial<Pick<Outside, 'cache' | 'mailer'> & { acuity: Acuity }>,
): Outside {
  const cache =
    overrides.cache ?? (config.REDIS_URL ? createRedisCache(config.REDIS_URL) : createMemoryCache({ clock }));
  const acuity = overrides.acuity
    ? { ...overrides.acuity, background: overrides.acuity }
    : createAcuityClient({
        baseUrl: config.ACUITY_BASE_URL,
        userId: config.ACUITY_USER_ID,
        apiKeys: config.ACUITY_API_KEY,
        timeoutMs: config.ACUITY_TIMEOUT_MS,
        callsPerSecond: config.ACUITY_CALLS_PER_SECOND,
        cache,
        log,
        watch: meters.acuity,
        onRefused: checkingConnection({ clock, log, jobs }),
      });
  const mailer = overrides.mailer ?? connectMailServer(config);
  const scanner = config.CLAMD_URL ? createClamavScanner({ url: config.CLAMD_URL }) : null;
  return { acuity, cache, mailer, scanner, ...objectStorage(config) };
}

const checkAgainMs = 60_000;

/** Adds a job that checks the connection, once a minute at most, so that staff see at once what people see. */
function checkingConnection({ clock, log, jobs }: Pick<Ground, 'clock' | 'log' | 'jobs'>): () => void {
  let askedAt = Number.NEGATIVE_INFINITY;
  return () => {
    const now = clock.now().getTime();
    if (now - askedAt < checkAgainMs) return;
    askedAt = now;
    jobs
      .add(checkSubscriptionsJob, {}, { key: 'acuity_refuses_us' })
      .catch((error: unknown) =>
        log.error({ err: errorFacts(error) }, 'The connection to Acuity was not checked'),
      );
  };
}
