// Kills a process that is processing ten events, each at another step. Then comes one recovery.
import type { ChildProcess } from 'node:child_process';
import { expect } from 'chai';
import { kill as killProcess } from '../support/child-pool.ts';
import {
  differencesOf,
  openWebhookProcessFixture,
  type WebhookProcessFixture,
} from '../support/webhook-process.ts';

interface Kill {
  step: string;
  action: 'scheduled' | 'rescheduled';
}

// The mail of the first is the only one then. Transactions that stop keep their locks. The last event was only stored
// (`kept`): the relay would take it soon.
const kills: Kill[] = [
  { step: 'email_after_send', action: 'rescheduled' },
  { step: 'converged', action: 'rescheduled' },
  ...['claimed', 'read_back', 'converged', 'posted', 'delivered'].map((step) => ({
    step,
    action: 'scheduled' as const,
  })),
  { step: 'in_follow_transaction', action: 'rescheduled' },
  { step: 'in_import_transaction', action: 'scheduled' },
  { step: 'kept', action: 'scheduled' },
];

describe('recovery after a kill while processing an event', function () {
  this.timeout(120_000);
  let fixture: WebhookProcessFixture;
  const appointments = new Map<Kill, number>();

  before(async () => {
    fixture = await openWebhookProcessFixture();
    const child = await fixture.start();
    await bookAppointments(kills.filter(({ action }) => action === 'rescheduled'));
    const answers: { sent: Promise<number | null> }[] = [];
    for (const kill of kills) answers.push(await stopDuringDelivery(child, kill));
    await killProcess(child);
    const statuses = await Promise.all(answers.map(({ sent }) => sent));
    await recover(kills.filter((_, index) => statuses[index] !== 202));
  });
  after(() => fixture.close());

  const appointmentOf = (kill: Kill) => appointments.get(kill) ?? 0;

  async function bookAppointments(those: Kill[]): Promise<void> {
    for (const kill of those) {
      appointments.set(kill, await fixture.makeAppointment());
      await fixture.deliverUntilAccepted('scheduled', appointmentOf(kill));
    }
    await fixture.quiet();
  }

  /** `sent` is the answer that Acuity got; null: none before the process died. */
  async function stopDuringDelivery(
    child: ChildProcess,
    kill: Kill,
  ): Promise<{ sent: Promise<number | null> }> {
    if (kill.action === 'rescheduled') await fixture.move(appointmentOf(kill));
    else appointments.set(kill, await fixture.makeAppointment());
    return fixture.stopAt(child, kill.step, () => fixture.deliver(kill.action, appointmentOf(kill)));
  }

  /** Two minutes later another process takes over. Acuity sends again only what was not answered. */
  async function recover(undelivered: Kill[]): Promise<void> {
    const stop = await fixture.takeOver(120_000);
    for (const kill of undelivered) await fixture.deliverUntilAccepted(kill.action, appointmentOf(kill));
    await fixture.quiet();
    await stop();
  }

  for (const kill of kills) {
    const isMove = kill.action === 'rescheduled';
    it(`${isMove ? 'moves and tells once' : 'makes one booking and one confirmation'} when the process was killed at ${kill.step}`, async () => {
      const expected = { confirmations: 1, moves: isMove ? 1 : 0 };
      expect(await differencesOf(fixture, appointmentOf(kill), expected)).to.deep.equal([]);
    });
  }
});
