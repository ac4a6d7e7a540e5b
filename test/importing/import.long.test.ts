// Imports five years of appointments: memory at the end must be no more than after the first weeks.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { openImportStack, type ImportStack } from '../support/import-stack.ts';

const dayMs = 86_400_000;
const appointments = 2_000;
const mostGrowth = 24 * 1024 * 1024;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

describe('the import of five years', () => {
  let stack: ImportStack;
  before(async () => {
    stack = await openImportStack();
  });
  after(() => stack.close());

  it(`makes one booking for each of ${appointments} appointments in bounded memory`, async () => {
    const first = await stack.appointmentIn(-5);
    const [pattern] = stack.simulator.state.appointments;
    if (!pattern) throw new Error('No appointment');
    // Straight into the simulator's state: its API would take longer than the import.
    for (let n = 1; n < appointments; n += 1) {
      const at = Date.now() - Math.floor(n * 0.9) * dayMs - (n % 9) * 3_600_000;
      stack.simulator.state.appointments.push({
        ...structuredClone(pattern),
        id: first + n,
        datetime: new Date(at).toISOString(),
        calendarID: 7001,
      });
    }
    const { imports } = stack.app.system.services;
    const heaps: number[] = [];
    let seen = 0;
    const run = () =>
      imports.acuity(
        {
          from: stack.day(-1_900),
          to: stack.day(30),
          applies: true,
          rule: { past: 'closed', closedUntil: null },
          people: false,
        },
        {
          line() {
            seen += 1;
            if (seen % 250 !== 0) return;
            collect();
            heaps.push(process.memoryUsage().heapUsed);
          },
          progress: () => undefined,
        },
      );
    const startedAt = performance.now();
    const done = await run();
    const seconds = (performance.now() - startedAt) / 1_000;
    process.stdout.write(
      `    ${(appointments / seconds).toFixed(0)} appointments a second; heap in MB: ${heaps.map((heap) => (heap / 2 ** 20).toFixed(0)).join(' ')}\n`,
    );
    expect(done).to.deep.include({
      ok: true,
      totals: { made: appointments, changed: 0, matched: 0, left: 0, bad: 0 },
    });
    expect((heaps.at(-1) ?? 0) - (heaps[0] ?? 0)).to.be.below(mostGrowth);
    expect(await run()).to.deep.include({
      ok: true,
      totals: { made: 0, changed: 0, matched: appointments, left: 0, bad: 0 },
    });
    expect(await stack.mails()).to.deep.equal([]);
  }).timeout(900_000);
});
