// npm start outside production: starts everything the app needs and is not given, then the app.
import { once } from 'node:events';
import path from 'node:path';
import { type AppLog, openAppLog } from './app-log.ts';
import type { AppProcess } from './app-process.ts';
import { StartError, dataDirectory, loadEnvFile, setting, shown } from '../commands/environment.ts';
import { ConfigError, checkGivenVariables } from '../config.ts';
import { type Ports, choosePorts, portSetting } from './ports.ts';
import { type RunningStack, claim, release, sweepKilledStart } from './running.ts';
import { onLeave } from './signals.ts';
import { complain, say, seconds } from '../commands/terminal.ts';

const startedAt = performance.now();

/** Resolves once everything has stopped; the process ends soon after. */
export async function startDemo(): Promise<void> {
  await startAndSupervise().catch((error: unknown) => {
    const isClear = error instanceof StartError || error instanceof ConfigError;
    complain(isClear ? error.message : `Examdesk did not start: ${messageOf(error)}`);
    process.exitCode = 1;
  });
  // Everything is closed; remaining handles are not waited for.
  setTimeout(() => process.exit(), 3_000).unref();
}

async function startAndSupervise(): Promise<void> {
  loadEnvFile();
  checkGivenVariables();
  const dataDir = dataDirectory();
  await sweepKilledStart(dataDir);
  const ports = await choosePorts({
    PORT: portSetting('PORT', 3000),
    ...(setting('ACUITY_BASE_URL') ? {} : { ACUITY_SIM_PORT: portSetting('ACUITY_SIM_PORT', 3001) }),
    ...(setting('SMTP_URL') ? {} : { MAILBOX_PORT: portSetting('MAILBOX_PORT', 3002) }),
  });
  const stack = await claim(dataDir);
  try {
    await supervise(dataDir, stack, ports, await openAppLog(dataDir));
  } finally {
    await release(dataDir);
  }
}

async function supervise(dataDir: string, stack: RunningStack, ports: Ports, log: AppLog): Promise<void> {
  const current: { app: AppProcess | null } = { app: null };
  const leaving = leaveOnSignals(stack, current);
  say(`Examdesk is starting; its data is in ${shown(dataDir)}`);
  // Imported here and not above, so that the first line appears at once.
  const [{ startServices }, { keepAppRunning }] = await Promise.all([
    import('./services.ts'),
    import('./keep-app.ts'),
  ]);
  const services = await startServices(dataDir, ports);
  try {
    if (leaving.aborted) return;
    stack.ownerUrl = services.ownerUrl;
    stack.url = `http://localhost:${ports.PORT}`;
    stack.variables = { ...services.variables, PORT: String(ports.PORT), DATA_DIR: dataDir };
    const running = keepAppRunning({ dataDir, stack, log, current, leaving }, () =>
      welcome({ Examdesk: setting('BASE_URL') ?? stack.url, ...services.pages }, dataDir, log),
    );
    await Promise.race([running, once(leaving, 'abort')]);
  } finally {
    await current.app?.stop();
    await services.stop();
    await log.close();
  }
  say('Examdesk has stopped');
}

function leaveOnSignals(stack: RunningStack, current: { app: AppProcess | null }): AbortSignal {
  const leaving = new AbortController();
  let mustStopNow = false;
  onLeave(
    (why) => {
      say(`\n${why}: stopping, the app first; repeat to stop at once`);
      leaving.abort();
    },
    () => {
      if (mustStopNow) process.exit(130); // the database's guardian stops what is left of the database
      mustStopNow = true;
      current.app?.kill();
    },
    stack.npmPid,
  );
  return leaving.signal;
}

async function welcome(
  pages: Record<string, string | undefined>,
  dataDir: string,
  log: AppLog,
): Promise<void> {
  const { demoAccounts, demoPassword } = await import('../../seeds/demo.ts');
  say(`\nExamdesk is ready after ${seconds(performance.now() - startedAt)}\n`);
  for (const [name, url] of Object.entries(pages)) say(`  ${name.padEnd(18)} ${url}`);
  say(`  ${'Data'.padEnd(18)} ${shown(dataDir)} (npm run reset deletes it)`);
  say(`  ${'Log'.padEnd(18)} ${shown(path.resolve(log.file))} (warnings and errors are shown here, too)`);
  say(`\nSign in with the password ${demoPassword} as\n`);
  for (const { email, role, organization } of demoAccounts) {
    say(`  ${email.padEnd(30)} ${role}${organization ? ` of ${organization.name}` : ''}`);
  }
  say('\nCtrl-C stops everything.');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
