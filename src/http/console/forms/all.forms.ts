// The same action for every record that needs it, one by one, each with its own audit row.
import type { Filters } from '../../../console/index.ts';
import { resendEmail } from '../../../email/index.ts';
import type { ConsoleServices } from '../console.services.ts';
import { selectListed, type FormAction } from './form.ts';

/** Of one request; the rest needs another. */
const mostAtOnce = 500;

async function idsOf(services: ConsoleServices, table: string, filters: Filters): Promise<string[]> {
  return selectListed(services, table, filters).orderBy('r.id').limit(mostAtOnce).pluck('r.id');
}

async function countOf(services: ConsoleServices, table: string, filters: Filters): Promise<number> {
  const row = await selectListed(services, table, filters)
    .count('* as total')
    .first<{ total: number } | undefined>();
  return row?.total ?? 0;
}

function openedFor(count: number, none: string, intro: (many: string) => string, submit: string) {
  const many =
    count > mostAtOnce ? `the first ${mostAtOnce} of ${count}` : count === 1 ? 'one' : `all ${count}`;
  return { intro: count === 0 ? none : intro(many), submit, version: '', fields: [] };
}

const dead = { state: 'dead' };
const replayAll: FormAction = {
  async open(services) {
    const count = await countOf(services, 'webhook-events', dead);
    return openedFor(
      count,
      'There are no undelivered events.',
      (many) =>
        `Delivers ${many} undelivered again. The appointments are read from Acuity again; nothing is created twice.`,
      'Replay',
    );
  },
  async send(services, actor) {
    let replayed = 0;
    for (const id of await idsOf(services, 'webhook-events', dead))
      if ((await services.webhooks.replay(actor, id, 'dead')) === 'replayed') replayed += 1;
    return `Replayed: ${replayed}. They will be delivered again in a moment.`;
  },
};

const failed = { status: 'failed' };
const sendAllAgain: FormAction = {
  async open(services) {
    const count = await countOf(services, 'emails', failed);
    return openedFor(
      count,
      'No e-mails have failed.',
      (many) =>
        `Sends ${many} failed again, to the same recipients. People who may no longer see the booking get nothing.`,
      'Send again',
    );
  },
  async send(services, actor) {
    const outcomes = [];
    for (const id of await idsOf(services, 'emails', failed))
      outcomes.push(await resendEmail(services, actor, id, 'failed'));
    const queued = outcomes.filter((outcome) => outcome === 'queued').length;
    const left = outcomes.filter((outcome) =>
      ['not_theirs', 'switched_off', 'nobody'].includes(outcome),
    ).length;
    return left === 0 ? `Queued: ${queued}` : `Queued: ${queued}. Not sent: ${left}.`;
  },
};

export const formsForAll = {
  'webhook-events/replay-all': replayAll,
  'emails/send-all-again': sendAllAgain,
};
