import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { openGate, type Gate } from '../support/gate.ts';
import { differencesOf, openRig, type Rig } from '../support/webhook-process.ts';

const outageMs = 30_000;

describe('relay without its database for 30 seconds', function () {
  this.timeout(120_000);
  let rig: Rig;
  let gate: Gate;
  let child: ChildProcess;

  before(async () => {
    rig = await openRig();
    const real = new URL(rig.stack.databaseUrl);
    gate = await openGate({ host: real.hostname, port: Number(real.port) });
    const throughGate = Object.assign(new URL(real), { hostname: '127.0.0.1', port: String(gate.port) });
    child = await rig.start({}, { DATABASE_URL: throughGate.href });
  });
  after(async () => {
    await rig.stop(child);
    await gate.close();
    await rig.close();
  });

  it('answers 2xx only for events that it stored, and delivers each of them later', async () => {
    const [kept, refused] = [await rig.makeAppointment(), await rig.makeAppointment()];
    expect(await rig.tell('scheduled', kept)).to.equal(202);
    gate.shut();
    const backAt = Date.now() + outageMs;
    const answers: (number | null)[] = [];
    while (Date.now() < backAt) {
      answers.push(await rig.tell('scheduled', refused));
      await sleep(1_000);
    }
    expect(answers.length, 'tries while it was away').to.be.above(2);
    // A 5xx or a time-out makes Acuity send the event again.
    expect(answers.filter((status) => status !== null && status < 500)).to.deep.equal([]);
    gate.open();
    await rig.tellUntilTaken('scheduled', refused);
    await rig.quiet(60_000);
    for (const id of [kept, refused]) {
      expect(await differencesOf(rig, id, { confirmations: 1, moves: 0 })).to.deep.equal([]);
    }
    expect(child.exitCode, 'the same process went on').to.equal(null);
  });
});
