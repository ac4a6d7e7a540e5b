// The simulator in a process of its own, so that its work is not counted.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

const authorization = `Basic ${Buffer.from('11100001:demo-acuity-key').toString('base64')}`;

export interface AcuityProcess {
  url: string;
  /** From now on each of these calls takes so long. */
  slowDown(...rules: { method: string; path: string; delayMs: number }[]): Promise<void>;
  /** The free times of a calendar's day, asked of Acuity itself. */
  freeTimes(date: string): Promise<string[]>;
  /** Books without us. */
  bookDirectly(datetime: string): Promise<void>;
  /** How many calls it has received. */
  countCalls(): Promise<number>;
  stop(): Promise<void>;
}

export async function startAcuity(): Promise<AcuityProcess> {
  const folder = await mkdtemp(path.join(tmpdir(), 'examdesk-bench-'));
  const file = path.resolve(import.meta.dirname, '../../src/dev/acuity.ts');
  const child = spawn(process.execPath, [file], {
    env: {
      PATH: process.env.PATH,
      ACUITY_SIM_PORT: '0',
      DATA_DIR: folder,
      ACUITY_API_KEY: 'demo-acuity-key',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await addressIn(createInterface(child.stdout));
  const send = async (at: string, body?: object): Promise<unknown> => {
    const answer = await fetch(url + at, {
      method: body ? 'POST' : 'GET',
      headers: { authorization, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`Acuity answered ${answer.status}`);
    return answer.json();
  };
  return {
    url,
    async slowDown(...rules) {
      await send('/_sim/faults', {
        rules: rules.map(({ delayMs, ...rule }) => ({ ...rule, effect: { delayMs } })),
      });
    },
    async freeTimes(date) {
      const query = new URLSearchParams({ date, appointmentTypeID: '8001', calendarID: '7001' });
      const times = await send(`/api/v1/availability/times?${query.toString()}`);
      return (times as { time: string }[]).map(({ time }) => time);
    },
    async bookDirectly(datetime) {
      await send('/api/v1/appointments', {
        datetime,
        appointmentTypeID: 8001,
        calendarID: 7001,
        firstName: 'Rita',
        lastName: 'Alvarez',
        email: 'rita@harbour-legal.example',
        fields: [{ id: 9101, value: 'EX-AAAAA2' }],
      });
    },
    async countCalls() {
      return ((await send('/_sim/calls')) as { calls: unknown[] }).calls.length;
    },
    async stop() {
      child.kill();
      await once(child, 'exit');
      await rm(folder, { recursive: true });
    },
  };
}

async function addressIn(lines: AsyncIterable<string>): Promise<string> {
  for await (const line of lines) {
    const [url] = /http:\/\/[\d.:]+/.exec(line) ?? [];
    if (url) return url;
  }
  throw new Error('The simulator did not start');
}
