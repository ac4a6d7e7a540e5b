// Checks of the machine: its clock and its disk.
import { statfs } from 'node:fs/promises';
import { serverFacts } from '../db/condition.ts';
import type { Database } from '../db/knex.ts';
import type { Clock } from '../ports/clock.ts';
import { ask } from './ask.ts';
import { codeOf, ok, warning, wrong, type Check, type Line } from './check.ts';

export interface MachineCheckDeps {
  db: Database;
  clock: Clock;
  /** Acuity's origin: each of its answers says what time it is there. */
  acuityUrl: string;
  /** Where this process writes. */
  folders: readonly string[];
}

const lateSeconds = 5;
/** A code of the second step is good for 30 s. */
const wrongSeconds = 30;
const littleBytes = 1_073_741_824;
const noBytes = 104_857_600;

export function machineChecks({ db, clock, acuityUrl, folders }: MachineCheckDeps): Check[] {
  return [
    {
      id: 'clock',
      title: 'Clock',
      run: () => Promise.all([compareWithDatabase(db, clock), compareWithAcuity(acuityUrl, clock)]),
    },
    {
      id: 'disk',
      title: 'Disk',
      run: () => Promise.all(folders.map(checkFolder)),
    },
  ];
}

async function compareWithDatabase(db: Database, clock: Clock): Promise<Line> {
  const before = clock.now().getTime();
  const { now } = await serverFacts(db);
  const after = clock.now().getTime();
  return clockLine('the database’s', (before + after) / 2 - now.getTime());
}

async function compareWithAcuity(acuityUrl: string, clock: Clock): Promise<Line> {
  try {
    const before = clock.now().getTime();
    const { headers } = await ask(new URL('/api/v1/meta', acuityUrl).href);
    const after = clock.now().getTime();
    const theirs = new Date(headers.date ?? Number.NaN).getTime();
    // The header cuts the second off: on average it is half a second behind.
    if (!Number.isNaN(theirs)) return clockLine('Acuity’s', (before + after) / 2 - theirs - 500);
    return warning('Acuity does not say what time it is', 'The clocks could not be compared.');
  } catch (error) {
    return warning(`Acuity’s clock could not be read: ${codeOf(error)}`, 'The clocks could not be compared.');
  }
}

async function checkFolder(folder: string): Promise<Line> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return diskLine(folder, bavail * bsize);
  } catch (error) {
    return wrong(
      `${folder} cannot be read: ${codeOf(error)}`,
      'The process cannot write its files there.',
      `Create the folder, and let the process’s user write to it`,
    );
  }
}

/** @param aheadMs how much this machine's clock is ahead */
export function clockLine(whose: string, aheadMs: number): Line {
  const seconds = Math.round(Math.abs(aheadMs) / 1_000);
  if (seconds < lateSeconds) return ok(`This machine’s clock agrees with ${whose}`);
  const says = `This machine’s clock is ${seconds} seconds ${aheadMs > 0 ? 'ahead of' : 'behind'} ${whose}`;
  const mend = { text: 'Keep all machines on time (NTP)', command: 'timedatectl set-ntp true' };
  return seconds < wrongSeconds
    ? warning(says, 'Times in the audit log and in the history of bookings are off by as much.', mend)
    : wrong(
        says,
        'Codes of the second sign-in step are refused, sessions and links end at the wrong time, and the audit log says wrong times.',
        mend,
      );
}

export function diskLine(folder: string, freeBytes: number): Line {
  const free = `${(freeBytes / 1_073_741_824).toFixed(1)} GB free in ${folder}`;
  if (freeBytes >= littleBytes) return ok(free);
  const mend = {
    text: 'Make room, or give the process a larger folder (TMPDIR). What takes the room',
    command: `du -xh ${folder} | sort -h | tail`,
  };
  return freeBytes >= noBytes
    ? warning(
        `Only ${free}`,
        'Uploads through the console and the server’s own log may soon find no room.',
        mend,
      )
    : wrong(`Only ${free}`, 'The process cannot write its files.', mend);
}
