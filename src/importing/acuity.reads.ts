// Reads of Acuity that wait when it is busy or away: an import has time.
import { setTimeout as sleep } from 'node:timers/promises';
import type { AcuityResult } from '../ports/acuity.ts';
import { AcuityUnavailable } from './import.runs.ts';

const pausesMs = [500, 2_000, 8_000, 20_000];

/** Null: Acuity does not know it. @throws AcuityUnavailable */
export async function patiently<T>(
  read: () => Promise<AcuityResult<T>>,
  pauses: readonly number[] = pausesMs,
): Promise<T | null> {
  for (const pauseMs of [...pauses, null]) {
    const found = await read();
    if (found.ok) return found.value;
    if (found.reason === 'not_found') return null;
    const mayPass = found.reason === 'unavailable' || found.reason === 'rate_limited';
    if (!mayPass || pauseMs === null) throw new AcuityUnavailable(found.reason);
    await sleep(Math.max(pauseMs, Math.min(found.retryAfterMs, 30_000)));
  }
  throw new AcuityUnavailable('unavailable');
}
