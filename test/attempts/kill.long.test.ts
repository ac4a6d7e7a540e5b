import { expect } from 'chai';
import {
  bookingSteps,
  findDisagreements,
  openBookingStack,
  recover,
  runChild,
  startChild,
  type BookingStack,
} from '../support/booking-stack.ts';
import { randomNumbers } from '../support/random.ts';

const workerSteps = [
  'settle_started',
  'before_complete',
  'in_complete_transaction',
  'settle_completed',
  'email_before_send',
  'email_after_send',
];
const kills = Number(process.env.KILLS ?? 1_000);
const random = randomNumbers('kills');
// A calendar does not have a thousand free times: each campaign gets its own stack.
const killsInOneStack = 200;

describe(`recovery after ${kills} kills at random steps`, () => {
  it('leaves no appointment without a booking, no duplicate, and no booking without its mail', async () => {
    for (let done = 0; done < kills; ) {
      const batch = Math.min(killsInOneStack, kills - done);
      const stack = await openBookingStack();
      try {
        await killMany(stack, batch, (count) => show(done + count));
        await recover(stack, 120_000);
        expect(await findDisagreements(stack)).to.deep.equal([]);
      } finally {
        await stack.close();
      }
      done += batch;
    }
  });
});

async function killMany(stack: BookingStack, count: number, progress: (done: number) => void): Promise<void> {
  for (let done = 0; done < count; done += 1) {
    const startsAt = (await stack.freeTime()).toISOString();
    const killAt = bookingSteps.slice(random(bookingSteps.length)).slice(0, 1);
    const end = await runChild(stack, { does: 'book', killAt, specialistId: stack.specialistId, startsAt });
    expect(end.signal, `at ${killAt.join()}`).to.equal('SIGKILL');
    // Every tenth time kills a worker too, with whatever is open at that moment.
    if (done % 10 === 9) await killWorker(stack);
    progress(done + 1);
  }
}

async function killWorker(stack: BookingStack): Promise<void> {
  const killAt = workerSteps.slice(random(workerSteps.length)).slice(0, 1);
  // Some steps are never reached; the test then kills the worker.
  const worker = startChild(stack, { does: 'work', killAt });
  const timer = setTimeout(() => worker.process.kill('SIGKILL'), 3_000);
  expect((await worker.end).signal).to.equal('SIGKILL');
  clearTimeout(timer);
}

function show(done: number): void {
  const width = 40;
  const filled = Math.round((done / kills) * width);
  process.stderr.write(`\r    [${'#'.repeat(filled)}${'.'.repeat(width - filled)}] ${done}/${kills}`);
  if (done === kills) process.stderr.write('\n');
}
