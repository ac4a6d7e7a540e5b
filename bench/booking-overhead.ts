// What booking costs beyond Acuity's own reply: the intention, the transaction, the audit row, the mail's job.
import { openWebhookStack, rita } from '../test/support/webhook-stack.ts';
import type { BenchResult } from './run.ts';

const rounds = 40;

export async function run(): Promise<BenchResult> {
  const stack = await openWebhookStack({ target: null });
  try {
    await stack.control('/switches', { limits: false });
    const agent = await stack.app.signIn(rita);
    const hart = (await stack.app.db('specialists').where({ acuity_calendar_id: 7001 }).first('id')) as {
      id: string;
    };
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const date = new Date(Date.now() + (10 + round * 2) * 86_400_000).toISOString().slice(0, 10);
      const { body } = await agent.get(`/specialists/${hart.id}/availability?type=in_person&date=${date}`);
      const [slot] = (body as { slots: { startsAt: string }[] }).slots;
      if (!slot) continue;
      const examinee = { firstName: 'Ewan', lastName: 'Marsh', phone: '0412 345 678' };
      const request = { specialistId: hart.id, type: 'in_person', startsAt: slot.startsAt, examinee };
      ours.push(await timed(() => agent.post('/bookings').send(request).expect(201)));
      theirs.push(await timed(() => stack.makeAppointment({ calendarID: 7003 })));
    }
    const [total, reply] = [median(ours), median(theirs)];
    return {
      name: 'booking, whole over Acuity’s own reply',
      ratio: total / reply,
      detail: `${total.toFixed(1)} ms over ${reply.toFixed(1)} ms, medians of ${ours.length}`,
    };
  } finally {
    await stack.close();
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
