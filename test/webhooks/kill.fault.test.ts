import { once } from 'node:events';
import { expect } from 'chai';
import { differencesOf, openRig, type Rig } from '../support/webhook-process.ts';

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
  let rig: Rig;
  const appointments = new Map<Kill, number>();
  before(async () => {
    rig = await openRig();
    await haveThemBooked(kills.filter(({ action }) => action === 'rescheduled'));
    const untaken: Kill[] = [];
    for (const kill of kills) if ((await die(kill)) !== 202) untaken.push(kill);
    await recover(untaken);
  });
  after(() => rig.close());

  const appointmentOf = (kill: Kill) => appointments.get(kill) ?? 0;

  async function haveThemBooked(those: Kill[]): Promise<void> {
    const healthy = await rig.start();
    for (const kill of those) {
      appointments.set(kill, await rig.makeAppointment());
      await rig.tellUntilTaken('scheduled', appointmentOf(kill));
    }
    await rig.quiet();
    await rig.stop(healthy);
  }

  /** The answer that Acuity got before the process died; null: none. */
  async function die(kill: Kill): Promise<number | null> {
    if (kill.action === 'rescheduled') await rig.move(appointmentOf(kill));
    else appointments.set(kill, await rig.makeAppointment());
    const doomed = await rig.start({ killAt: kill.step });
    const death = once(doomed, 'exit');
    const status = await rig.tell(kill.action, appointmentOf(kill));
    const [, signal] = (await death) as [number | null, string | null];
    expect(signal, `it was to be killed at ${kill.step}`).to.equal('SIGKILL');
    return status;
  }

  /** Two minutes later another process takes over. Acuity sends again only what was not answered. */
  async function recover(untaken: Kill[]): Promise<void> {
    const fresh = await rig.start({ clockAheadMs: 120_000 });
    for (const kill of untaken) await rig.tellUntilTaken(kill.action, appointmentOf(kill));
    await rig.quiet();
    await rig.stop(fresh);
  }

  for (const kill of kills) {
    const isMove = kill.action === 'rescheduled';
    it(`${isMove ? 'moves and tells once' : 'makes one booking and one confirmation'} when the process was killed at ${kill.step}`, async () => {
      const expected = { confirmations: 1, moves: isMove ? 1 : 0 };
      expect(await differencesOf(rig, appointmentOf(kill), expected)).to.deep.equal([]);
    });
  }
});
