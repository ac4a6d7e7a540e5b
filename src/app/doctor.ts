// Of what is built once: the checks of the system, over what the app itself uses.
import { existsSync } from 'node:fs';
import os from 'node:os';
import { createClamavScanner } from '../adapters/clamav-scanner.ts';
import { createSmtpMailer } from '../adapters/smtp-mailer.ts';
import type { Config } from '../config.ts';
import {
  createDoctor,
  createProbeTokens,
  type Doctor,
  type DoctorDeps,
  type ProbeTokens,
} from '../doctor/index.ts';
import { paths } from '../http/paths.ts';

type Parts = Pick<
  DoctorDeps,
  'db' | 'cache' | 'store' | 'acuity' | 'specialists' | 'mapping' | 'sync' | 'clock'
>;
/** What tests put in the place of what follows from the configuration. */
export type DoctorOverrides = Partial<DoctorDeps>;

export function composeDoctor(
  config: Config,
  parts: Parts,
  overrides: DoctorOverrides = {},
): { doctor: Doctor; probeTokens: ProbeTokens } {
  const isProduction = config.NODE_ENV === 'production';
  const at = (path: string) => new URL(path, config.BASE_URL).href;
  const tokens = createProbeTokens(config.BETTER_AUTH_SECRET);
  const relayTarget = config.RELAY_TARGET_URL ?? at(paths.acuityWebhook());
  const doctor = createDoctor({
    ...parts,
    isProduction,
    isShared: config.REDIS_URL !== undefined,
    baseUrl: config.BASE_URL,
    mailServer: createSmtpMailer(config.SMTP_URL, config.MAIL_FROM),
    sender: config.MAIL_FROM,
    scanServer: config.CLAMD_URL ? createClamavScanner({ url: config.CLAMD_URL, patienceMs: 5_000 }) : null,
    maxBytes: config.UPLOAD_MAX_BYTES,
    acuityUrl: config.ACUITY_BASE_URL,
    relayUrl: at(paths.relay()),
    relayTarget: {
      url: relayTarget,
      isOurs: new URL(relayTarget).pathname.endsWith(paths.acuityWebhook()),
    },
    probeUrl: at(paths.doctorProbe()),
    tokens,
    // DATA_DIR is the demo's: in production nothing is written there.
    folders: [os.tmpdir(), ...(!isProduction && existsSync(config.DATA_DIR) ? [config.DATA_DIR] : [])],
    keyring: config.ENCRYPTION_KEYS,
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
