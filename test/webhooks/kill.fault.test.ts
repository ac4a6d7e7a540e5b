import { once } from 'node:events';
import { expect } from 'chai';
import {
  differencesOf,
  openWebhookProcessFixture,
  type WebhookProcessFixture,
} from '../support/webhook-process.ts';

interface Kill {
  step: string;
  action: 'scheduled' | 'rescheduled';
}

// An event that was only stored (`kept`) waits for the next process, so that step comes last.
const kills: Kill[] = [
  ...['claimed', 'read_back', 'in_import_transaction', 'converged', 'posted', 'delivered'].map((step) => ({
    step,
    action: 'scheduled' as const,
  })),
  ...['in_follow_transaction', 'converged', 'email_after_send'].map((step) => ({
    step,
    action: 'rescheduled' as const,
  })),
  { step: 'kept', action: 'scheduled' },
];

describe('recovery after a kill while processing an event', function () {
  this.timeout(120_000);
  let fixture: WebhookProcessFixture;
  const appointments = new Map<Kill, number>();
  before(async () => {
    fixture = await openWebhookProcessFixture();
    await bookAppointments(kills.filter(({ action }) => action === 'rescheduled'));
    const undelivered: Kill[] = [];
    for (const kill of kills) if ((await killDuringDelivery(kill)) !== 202) undelivered.push(kill);
    await recover(undelivered);
  });
  after(() => fixture.close());

  const appointmentOf = (kill: Kill) => appointments.get(kill) ?? 0;

  async function bookAppointments(those: Kill[]): Promise<void> {
    const healthy = await fixture.start();
    for (const kill of those) {
      appointments.set(kill, await fixture.makeAppointment());
      await fixture.deliverUntilAccepted('scheduled', appointmentOf(kill));
    }
    await fixture.quiet();
    await fixture.stop(healthy);
  }

  /** The answer that Acuity got before the process died; null: none. */
  async function killDuringDelivery(kill: Kill): Promise<number | null> {
    if (kill.action === 'rescheduled') await fixture.move(appointmentOf(kill));
    else appointments.set(kill, await fixture.makeAppointment());
    const child = await fixture.start({ killAt: kill.step });
    const exited = once(child, 'exit');
    const status = await fixture.deliver(kill.action, appointmentOf(kill));
    const [, signal] = (await exited) as [number | null, string | null];
    expect(signal, `it was to be killed at ${kill.step}`).to.equal('SIGKILL');
    return status;
  }

  /** Two minutes later another process takes over. Acuity sends again only what was not answered. */
  async function recover(undelivered: Kill[]): Promise<void> {
    const fresh = await fixture.start({ clockAheadMs: 120_000 });
    for (const kill of undelivered) await fixture.deliverUntilAccepted(kill.action, appointmentOf(kill));
    await fixture.quiet();
    await fixture.stop(fresh);
  }

  for (const kill of kills) {
    const isMove = kill.action === 'rescheduled';
    it(`${isMove ? 'moves and tells once' : 'makes one booking and one confirmation'} when the process was killed at ${kill.step}`, async () => {
      const expected = { confirmations: 1, moves: isMove ? 1 : 0 };
      expect(await differencesOf(fixture, appointmentOf(kill), expected)).to.deep.equal([]);
    });
  }
});
