// Runs commands in one child process: loading the app is most of what a command costs. Whether a command ends by itself
// shows only when it is started as operators do (runCommand).
import path from 'node:path';
import { forkChild, kill, messageOf } from './child-pool.ts';
import { projectRoot } from './stack.ts';

export interface CommandPlan {
  /** The absolute path. */
  file: string;
  args: string[];
}

export interface CommandRan {
  code: number;
  /** Both streams. */
  said: string;
}

export interface CommandProcess {
  /** One at a time. @throws Error when the process ends before the command */
  run(script: string, args: string[]): Promise<CommandRan>;
  close(): Promise<void>;
}

/** @param env the commands' environment */
export function openCommandProcess(env: Record<string, string>): CommandProcess {
  const child = forkChild(path.resolve(import.meta.dirname, 'processes/command-child.ts'), env);
  return {
    async run(script, args) {
      const ran = messageOf(child);
      child.send({ file: path.join(projectRoot, script), args } satisfies CommandPlan);
      return (await ran) as CommandRan;
    },
    close: () => kill(child),
  };
}
