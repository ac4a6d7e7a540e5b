// The stand-ins: starts a real server for each service whose variable is unset, and returns the app's variables.
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { bucketLifecycle } from '../documents/index.ts';
import { type DatabaseUrls, migrateBoth } from '../db/migrate.ts';
import { startSimulator, type Simulator } from '../simulator/index.ts';
import { setting } from '../commands/environment.ts';
import { openAppRole } from './app-role.ts';
import { type DemoPlace, loadDemoData } from './demo-data.ts';
import { acuityCredentials, demoDefaults, keptSecret } from './demo-variables.ts';
import { startMailbox } from './mailbox.ts';
import type { Ports } from './ports.ts';
import { startPostgres } from './postgres.ts';
import { uploadCors } from './s3/cors.ts';
import { startS3Server } from './s3/server.ts';
import { step } from '../commands/terminal.ts';

export interface Services {
  /** Variables for the app's environment, without those that were set already. */
  variables: Record<string, string>;
  /** The started database's URL for the role that owns its tables: for commands, never for the app. */
  ownerUrl: string | undefined;
  /** Pages for people, by name. */
  pages: Record<string, string>;
  /** In any order; the app must have stopped before. */
  stop(): Promise<void>;
}

interface Service {
  variables: Record<string, string>;
  ownerUrl?: string;
  page?: { name: string; url: string };
  simulator?: Simulator;
  store?: NonNullable<DemoPlace['store']>;
  stop?(): Promise<void>;
}

/**
 * Starts the services at the same time; when one fails, the others are stopped.
 * @param ports of the pages, checked to be free
 */
export async function startServices(dataDir: string, ports: Ports): Promise<Services> {
  let databaseUrl = setting('DATABASE_URL');
  const starts: Promise<Service>[] = [database(dataDir), sessions(dataDir), documents(dataDir), constants()];
  if (ports.MAILBOX_PORT !== undefined) starts.push(mail(dataDir, ports.MAILBOX_PORT, () => databaseUrl));
  if (ports.ACUITY_SIM_PORT !== undefined) starts.push(acuity(dataDir, ports.ACUITY_SIM_PORT));
  const results = await Promise.allSettled(starts);
  const up = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const stop = async () => {
    await Promise.all(up.map(async (service) => service.stop?.()));
  };
  const failure = results.find((result) => result.status === 'rejected');
  if (failure) {
    await stop();
    throw failure.reason;
  }
  const variables = Object.assign({}, ...up.map((service) => service.variables)) as Record<string, string>;
  databaseUrl ??= variables.DATABASE_URL;
  try {
    await fillDatabase(variables, up);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    variables,
    ownerUrl: up.find(({ ownerUrl }) => ownerUrl !== undefined)?.ownerUrl,
    pages: Object.fromEntries(up.flatMap(({ page }) => (page ? [[page.name, page.url]] : []))),
    stop,
  };
}

async function database(dataDir: string): Promise<Service> {
  const given = setting('DATABASE_URL');
  if (given) {
    await bringUpToDate({ url: given, ownerUrl: setting('MIGRATION_DATABASE_URL') ?? given });
    return { variables: {} };
  }
  const postgres = await step('PostgreSQL', () => startPostgres({ dataDir: path.join(dataDir, 'postgres') }));
  try {
    const ownerUrl = postgres.url;
    const url = await openAppRole(ownerUrl);
    await bringUpToDate({ url, ownerUrl });
    return { variables: { DATABASE_URL: url }, ownerUrl, stop: () => postgres.stop() };
  } catch (error) {
    await postgres.stop();
    throw error;
  }
}

async function bringUpToDate(urls: DatabaseUrls): Promise<void> {
  await step(
    'Schema',
    () => migrateBoth(urls),
    ({ applied }) => (applied.length === 0 ? 'up to date' : `${applied.length} migrations applied`),
  );
}

/** Not before every service is up: the demo's bookings have appointments and documents. */
async function fillDatabase(variables: Record<string, string>, up: Service[]): Promise<void> {
  await step(
    'Demo data',
    () =>
      loadDemoData({
        databaseUrl: (setting('DATABASE_URL') ?? variables.DATABASE_URL) as string,
        simulator: up.find(({ simulator }) => simulator)?.simulator ?? null,
        store: up.find(({ store }) => store)?.store ?? null,
      }),
    (loaded) => (loaded ? 'loaded' : 'there already'),
  );
}

async function sessions(dataDir: string): Promise<Service> {
  if (setting('BETTER_AUTH_SECRET')) return { variables: {} };
  return { variables: { BETTER_AUTH_SECRET: await keptSecret(dataDir) } };
}

async function constants(): Promise<Service> {
  const unset = Object.entries(demoDefaults).filter(([name]) => setting(name) === undefined);
  return { variables: Object.fromEntries(unset) };
}

async function documents(dataDir: string): Promise<Service> {
  if (setting('S3_BUCKET')) return { variables: {} };
  const bucket = 'examdesk-documents';
  const credentials = { accessKeyId: 'demo', secretAccessKey: randomBytes(24).toString('base64url') };
  const store = await step('Documents (S3)', () =>
    startS3Server({
      ...credentials,
      directory: path.join(dataDir, 's3'),
      buckets: [bucket],
      cors: uploadCors('*'),
      lifecycle: bucketLifecycle,
    }),
  );
  return {
    variables: {
      S3_BUCKET: bucket,
      S3_REGION: 'us-east-1',
      S3_ENDPOINT: store.url,
      // Only browsers on this machine can reach the store directly; others upload through the app.
      ...(setting('S3_BROWSER_ENDPOINT') ? {} : { S3_BROWSER_ENDPOINT: store.url }),
      S3_ACCESS_KEY_ID: credentials.accessKeyId,
      S3_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      S3_FORCE_PATH_STYLE: 'true',
    },
    store: { url: store.url, bucket, ...credentials },
    stop: () => store.close(),
  };
}

/** @param databaseUrl known once the database has started */
async function mail(
  dataDir: string,
  httpPort: number,
  databaseUrl: () => string | undefined,
): Promise<Service> {
  const mailbox = await step('Mailbox', () =>
    startMailbox({
      smtpPort: 0,
      httpPort,
      directory: path.join(dataDir, 'mailbox'),
      async samples() {
        const url = databaseUrl();
        if (!url) return [];
        const { composeSamples } = await import('./mail-samples.ts');
        return composeSamples(url);
      },
    }),
  );
  return {
    variables: { SMTP_URL: mailbox.smtpUrl },
    page: { name: 'Mailbox', url: mailbox.url },
    stop: () => mailbox.close(),
  };
}

async function acuity(dataDir: string, port: number): Promise<Service> {
  const credentials = acuityCredentials();
  const simulator = await step('Acuity simulator', () =>
    startSimulator({
      port,
      userId: credentials.ACUITY_USER_ID,
      apiKey: credentials.ACUITY_API_KEY,
      stateFile: path.join(dataDir, 'acuity.json'),
    }),
  );
  return {
    // With the credentials, also when they were set: commands that find the running stack do not have them.
    variables: { ACUITY_BASE_URL: simulator.url, ...credentials },
    page: { name: 'Acuity simulator', url: simulator.url },
    simulator,
    stop: () => simulator.close(),
  };
}
