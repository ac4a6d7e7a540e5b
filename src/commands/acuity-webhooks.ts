// npm run acuity:webhooks: lists our dynamic webhooks in Acuity, makes those that are missing, remakes the disabled.
import { ConfigError } from '../config.ts';
import { loadEnvFile, StartError } from './environment.ts';
import { withMeantSystem } from './meant-stack.ts';
import { complain, say } from './terminal.ts';

loadEnvFile();
try {
  await withMeantSystem(async ({ services: { sync } }) => {
    const before = await sync.subscriptions();
    const after = before.ok ? await sync.subscribe() : before;
    if (!before.ok || !after.ok)
      throw new StartError('Acuity cannot be asked just now: try again in a moment');
    for (const { event, target, acuityId } of after.value) {
      const was = before.value.find((one) => one.event === event)?.trouble;
      const done = was === 'missing' ? 'made' : was === 'disabled' ? 'was disabled, made anew' : 'active';
      say(`${event} → ${target}  (${done}, number ${acuityId})`);
    }
  });
} catch (error) {
  if (!(error instanceof StartError || error instanceof ConfigError)) throw error;
  complain(error.message);
  process.exitCode = 1;
}
