// The same repair for all that wait for it: what the morning page leads to. One by one, each with its own audit row.
import type { Filters } from '../../../console/index.ts';
import { resendEmail } from '../../../email/index.ts';
import type { ConsoleServices } from '../console.services.ts';
import { listed, type FormAction } from './form.ts';

/** More are done by asking again: the answer does not wait for thousands. */
const atMost = 500;

async function idsOf(services: ConsoleServices, table: string, filters: Filters): Promise<string[]> {
  return listed(services, table, filters).orderBy('r.id').limit(atMost).pluck('r.id');
}

async function countOf(services: ConsoleServices, table: string, filters: Filters): Promise<number> {
  const row = (await listed(services, table, filters).count('* as total').first()) as
    | { total: number }
    | undefined;
  return row?.total ?? 0;
}

function openedFor(count: number, none: string, intro: (many: string) => string, submit: string) {
  const many = count > atMost ? `the first ${atMost} of ${count}` : count === 1 ? 'the one' : `all ${count}`;
  return { intro: count === 0 ? none : intro(many), submit, version: '', fields: [] };
}

const dead = { state: 'dead' };
const replayAll: FormAction = {
  async open(services) {
    const count = await countOf(services, 'webhook-events', dead);
    return openedFor(
      count,
      'No event was given up.',
      (many) =>
        `Delivers ${many} that were given up again. The appointments are read anew: nothing is made twice.`,
      'Replay',
    );
  },
  async send(services, actor) {
    let replayed = 0;
    for (const id of await idsOf(services, 'webhook-events', dead))
      if ((await services.webhooks.replay(actor, id, 'dead')) === 'replayed') replayed += 1;
    return `Replayed: ${replayed}. They are delivered again in a moment.`;
  },
};

const failed = { status: 'failed' };
const sendAllAgain: FormAction = {
  async open(services) {
    const count = await countOf(services, 'emails', failed);
    return openedFor(
      count,
      'No message failed.',
      (many) =>
        `Sends ${many} that failed once more, to the same recipients. Who may not see a booking any more gets nothing.`,
      'Send again',
    );
  },
  async send(services, actor) {
    const outcomes = [];
    for (const id of await idsOf(services, 'emails', failed))
      outcomes.push(await resendEmail(services, actor, id, 'failed'));
    const queued = outcomes.filter((outcome) => outcome === 'queued').length;
    const left = outcomes.filter((outcome) => outcome === 'not_theirs' || outcome === 'nobody').length;
    return left === 0 ? `On their way: ${queued}` : `On their way: ${queued}. Not sent: ${left}.`;
  },
};

export const formsForAll = {
  'webhook-events/replay-all': replayAll,
  'emails/send-all-again': sendAllAgain,
};
