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
export async function choosePorts(wanted: Ports): Promise<Ports> {
  const chosen = { ...wanted };
  for (const [name, port] of Object.entries(wanted) as [keyof Ports, number][]) {
    if (port === 0) chosen[name] = await freePort();
    else if (!(await isFree(port))) {
      throw new StartError(`Port ${port} is taken: stop what listens there, or set ${name} to another port`);
    }
  }
  return chosen;
}

/** @throws StartError when the value is no port */
export function portSetting(name: keyof Ports, preset: number): number {
  const value = setting(name);
  const port = value === undefined ? preset : Number(value);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new StartError(`${name} is not a port number from 0 to 65535`);
  }
  return port;
}
