// Builds the system check from the app's own connections and configuration.
import { existsSync } from 'node:fs';
import os from 'node:os';
import { createClamavScanner } from '../adapters/clamav-scanner.ts';
import { countEncryptedByEarlier } from '../accounts/index.ts';
import type { Config } from '../config.ts';
import {
  createDoctor,
  createProbeTokens,
  type Doctor,
  type DoctorDeps,
  type ProbeTokens,
} from '../doctor/index.ts';
import { paths } from '../http/paths.ts';
import { connectMailServer } from './outside.ts';

type Parts = Pick<
  DoctorDeps,
  'db' | 'cache' | 'store' | 'acuity' | 'specialists' | 'mapping' | 'sync' | 'clock'
>;
/** For tests: replaces values that come from the configuration. */
export type DoctorOverrides = Partial<DoctorDeps>;

export function composeDoctor(
  config: Config,
  parts: Parts,
  overrides: DoctorOverrides = {},
): { doctor: Doctor; probeTokens: ProbeTokens } {
  const isProduction = config.NODE_ENV === 'production';
  const urlOf = (path: string) => new URL(path, config.BASE_URL).href;
  const tokens = createProbeTokens(config.BETTER_AUTH_SECRET);
  const relayTarget = config.RELAY_TARGET_URL ?? urlOf(paths.acuityWebhook());
  const doctor = createDoctor({
    ...parts,
    isProduction,
    isShared: config.REDIS_URL !== undefined,
    baseUrl: config.BASE_URL,
    mailServer: connectMailServer(config),
    sender: config.MAIL_FROM,
    scanServer: config.CLAMD_URL ? createClamavScanner({ url: config.CLAMD_URL, timeoutMs: 5_000 }) : null,
    maxBytes: config.UPLOAD_MAX_BYTES,
    acuityUrl: config.ACUITY_BASE_URL,
    relayUrl: urlOf(paths.relay()),
    relayTarget: {
      url: relayTarget,
      isOurs: new URL(relayTarget).pathname.endsWith(paths.acuityWebhook()),
    },
    probeUrl: urlOf(paths.doctorProbe()),
    tokens,
    // Only the demo writes to DATA_DIR.
    folders: [os.tmpdir(), ...(!isProduction && existsSync(config.DATA_DIR) ? [config.DATA_DIR] : [])],
    keyring: config.ENCRYPTION_KEYS,
    countSecondSteps: () => countEncryptedByEarlier(parts.db, config.BETTER_AUTH_SECRET),
    secrets: { ...config, sealKey: config.ENCRYPTION_KEYS.current.key },
    pages: {
      connection: paths.acuityConnection(),
      questions: paths.acuityQuestions(),
      specialists: '/admin/resources/specialists',
    },
    jobsPage: '/admin/resources/failed-jobs',
    ...overrides,
  });
  return { doctor, probeTokens: tokens };
}
