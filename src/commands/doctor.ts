// npm run doctor: looks at what is set up, says what is missing and what that costs. Exits with 1 when something is.
import { ConfigError } from '../config.ts';
import { linesAboutQuestions } from './doctor.lines.ts';
import { loadEnvFile, StartError } from './environment.ts';
import { withMeantSystem } from './meant-stack.ts';
import { complain, say } from './terminal.ts';

loadEnvFile();
try {
  await withMeantSystem(async ({ services: { mapping, config } }) => {
    const lines = linesAboutQuestions(await mapping.read(), `${config.BASE_URL}/admin/acuity-questions`);
    for (const { state, says, more } of lines) {
      say(`${state.padEnd(8)} ${says}`);
      for (const one of more) say(`${' '.repeat(9)}${one}`);
    }
    if (lines.some(({ state }) => state !== 'ok')) process.exitCode = 1;
  });
} catch (error) {
  if (!(error instanceof StartError || error instanceof ConfigError)) throw error;
  complain(error.message);
  process.exitCode = 1;
}
