// A process that runs commands one after another, each as if it had been started for it.
import { onPlan } from '../child-pool.ts';
import type { CommandPlan, CommandRan } from '../command-process.ts';

let runs = 0;
let said = '';
const write = (chunk: unknown): boolean => {
  said += String(chunk);
  return true;
};
process.stdout.write = write;
process.stderr.write = write;

onPlan((given) => void run(given as CommandPlan));

async function run({ file, args }: CommandPlan): Promise<void> {
  process.argv = [process.execPath, file, ...args];
  process.exitCode = 0;
  said = '';
  runs += 1;
  try {
    // Another address each time: the command's own module runs again, what it imports is loaded already.
    await import(`${file}?run=${runs}`);
  } catch (error) {
    process.exitCode = 1;
    said += error instanceof Error ? error.stack : String(error);
  }
  const ran: CommandRan = { code: process.exitCode, said };
  process.exitCode = 0;
  process.send?.(ran);
}
