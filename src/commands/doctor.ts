// npm run doctor [-- --json]: checks what the system needs, and prints what is wrong, the consequence and the fix.
// Exits with 1 when something is wrong, with 0 when there are only warnings or nothing.
import { parseArgs } from 'node:util';
import { ConfigError } from '../config.ts';
import type { DoctorReport } from '../doctor/index.ts';
import { reportOf, textOf } from './doctor.text.ts';
import { loadEnvFile, StartError } from './environment.ts';
import { withRunningSystem } from './target-system.ts';
import { complain, say } from './terminal.ts';
import { commandLine } from '../lib/command-line.ts';

loadEnvFile();
const asJson = wantsJson();
if (asJson !== null) {
  try {
    await withRunningSystem(async ({ services: { doctor, config } }) =>
      tell(await doctor.run(), config.BASE_URL),
    );
  } catch (error) {
    if (error instanceof ConfigError)
      tell(
        reportOf(
          ...(['configuration', 'Configuration'] as const),
          error.problems.map((says) => ({
            state: 'wrong',
            says,
            mend: { text: 'Every variable is explained in .env.example' },
          })),
          new Date(),
        ),
        '',
      );
    else if (error instanceof StartError)
      tell(reportOf('stack', 'Examdesk', [{ state: 'wrong', says: error.message }], new Date()), '');
    else throw error;
  }
}

function tell(report: DoctorReport, baseUrl: string): void {
  if (asJson) say(JSON.stringify(report, null, 2));
  else for (const line of textOf(report, baseUrl)) say(line);
  if (report.state === 'wrong') process.exitCode = 1;
}

function wantsJson(): boolean | null {
  try {
    return parseArgs({ options: { json: { type: 'boolean', default: false } } }).values.json;
  } catch (error) {
    complain(`${(error as Error).message.split('.')[0]}. Use: ${commandLine('doctor', '[--json]')}`);
    process.exitCode = 2;
    return null;
  }
}
