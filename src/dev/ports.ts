import { StartError, setting } from '../commands/environment.ts';
import { freePort, isFree } from './free-port.ts';

/** By the variable that sets each port; absent: not started here. */
export interface Ports {
  PORT: number;
  ACUITY_SIM_PORT?: number;
  MAILBOX_PORT?: number;
}

/**
 * Checks all ports before anything is started, so that a second start fails with one clear line and leaves nothing
 * behind.
 * @returns the ports, with each 0 replaced by a free one
 * @throws StartError naming the first port that is taken and its variable
 */
export async function choosePorts<Wanted extends Partial<Ports>>(wanted: Wanted): Promise<Wanted> {
  const chosen = { ...wanted };
  for (const [name, port] of Object.entries(wanted) as [keyof Ports, number][]) {
    if (port === 0) chosen[name] = await freePort();
    else if (!(await isFree(port))) {
      throw new StartError(`Port ${port} is taken: stop what listens there, or set ${name} to another port`);
    }
  }
  return chosen;
}

/** Call checkGivenVariables() before. */
export function portSetting(name: keyof Ports, preset: number): number {
  return Number(setting(name) ?? preset);
}
