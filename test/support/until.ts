import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits until the condition holds. It ends as soon as it can, so its limit is generous: just under a test's own, whose
 * error would not say where it waited.
 */
export async function until(isTrue: () => boolean | Promise<boolean>, withinMs = 50_000): Promise<void> {
  for (const deadline = Date.now() + withinMs; !(await isTrue()); await sleep(25)) {
    if (Date.now() > deadline) throw new Error(`It did not become so within ${withinMs / 1_000} s`);
  }
}
