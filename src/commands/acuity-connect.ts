// npm run acuity:connect: creates our webhooks in Acuity, reads the rest of the set-up, and prints what it found and
// what to do next.
import { ConfigError } from '../config.ts';
import { connectedWords, nextSteps, stepPages, troubleWords } from '../sync/index.ts';
import { loadEnvFile, StartError } from './environment.ts';
import { withTargetSystem } from './target-system.ts';
import { complain, say } from './terminal.ts';

loadEnvFile();
try {
  await withTargetSystem(async ({ services: { sync, config } }) => {
    const done = await sync.connect(null);
    if (!done.ok) throw new StartError(troubleWords[done.reason]);
    for (const line of connectedWords(done.value)) say(line);
    const steps = nextSteps(done.value);
    say(steps.length === 0 ? 'Nothing is left to do.' : 'Next:');
    for (const { text, at } of steps) say(`- ${text}${at ? `: ${config.BASE_URL}${stepPages[at]}` : ''}`);
  });
} catch (error) {
  if (!(error instanceof StartError || error instanceof ConfigError)) throw error;
  complain(error.message);
  process.exitCode = 1;
}
