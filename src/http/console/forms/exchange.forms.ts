import { z } from 'zod';
import { runJobAgain } from '../../../console/index.ts';
import { resendEmail } from '../../../email/index.ts';
import type { Span } from '../../../following/index.ts';
import { conflict, forbidden, notFound, parse } from '../../problem.ts';
import type { ConsoleServices } from '../console.services.ts';
import { listed, question, type FormAction, type FormField } from './form.ts';

const replay: FormAction = {
  open: question(
    'The event is delivered again. The appointment is read anew: nothing is made twice.',
    'Replay',
  ),
  async send({ webhooks }, actor, id) {
    const outcome = z.uuid().safeParse(id).success ? await webhooks.replay(actor, id) : 'not_found';
    if (outcome === 'replayed') return 'It will be delivered again in a moment';
    if (outcome === 'not_found') throw notFound();
    throw conflict('invalid_transition', 'This event was refused when it came: its content was not kept.');
  },
};

const sendAgain: FormAction = {
  open: question('The same message goes to the same recipient once more.', 'Send again'),
  async send({ db, audit, jobs }, actor, id) {
    const outcome = z.uuid().safeParse(id).success
      ? await resendEmail({ db, audit, jobs }, actor, id)
      : 'not_found';
    if (outcome === 'queued') return 'It is on its way';
    if (outcome === 'waits_already')
      throw conflict('invalid_transition', 'This message waits to be sent already.');
    if (outcome === 'not_theirs')
      throw conflict(
        'invalid_transition',
        'Nothing was sent: whoever this message is for is deactivated, or may not see the booking any more.',
      );
    if (outcome === 'nobody')
      throw conflict(
        'invalid_transition',
        'Nothing was sent: nobody here has the address of this message any more.',
      );
    throw outcome === 'forbidden' ? forbidden() : notFound();
  },
};

const runAgain: FormAction = {
  open: question('The job gets all its tries again, the first one now.', 'Run again'),
  async send({ db, audit, jobs }, actor, id) {
    const done = await runJobAgain({ db, audit, jobs }, actor, id);
    if (done === 'queued') return 'It runs now';
    throw done === 'forbidden' ? forbidden() : notFound('This job is gone, or is running just now.');
  },
};

const reconcileSchema = z.object({ days: z.enum(['near', 'all'], 'Choose which days').default('near') });

/** Whether a look at the near weeks clears all that the first page leads here for. */
async function isNearEnough(services: Pick<ConsoleServices, 'db'>, near: Span): Promise<boolean> {
  const nightly = await listed(services, 'drift-reports', { needsAttention: 'true', kind: 'all' }).first(
    'r.id',
  );
  const far = await listed(services, 'drift-items', { isStillDifferent: 'true' })
    .where((day) => {
      void day.where('r.day', '<', near.from).orWhere('r.day', '>', near.to);
    })
    .first('r.id');
  return nightly === undefined && far === undefined;
}

const reconcile: FormAction = {
  async open({ db, sync }) {
    const { near, all } = sync.spans();
    const intro =
      'Every appointment of these days is held against our bookings, and what differs is put right. It takes some minutes: look at its report.';
    const days: FormField = {
      name: 'days',
      label: 'Which days',
      type: 'select',
      value: (await isNearEnough({ db }, near)) ? 'near' : 'all',
      options: [
        { value: 'near', label: `The near weeks, ${near.from} to ${near.to}` },
        { value: 'all', label: `All that can still change, ${all.from} to ${all.to}: takes longer` },
      ],
    };
    return { intro, submit: 'Reconcile now', fields: [days], version: '' };
  },
  async send({ sync }, actor, _id, { values }) {
    const { days } = parse(reconcileSchema, values);
    const asked = await sync.requestRun(actor, days);
    if (asked.ok) return 'The reconciliation has started: see its report in the list';
    if (asked.reason === 'forbidden') throw forbidden();
    throw conflict('invalid_transition', 'A reconciliation is already running. See its report.');
  },
};

export const exchangeForms = {
  'webhook-events/replay': replay,
  'emails/send-again': sendAgain,
  'failed-jobs/run-again': runAgain,
  'drift-reports/reconcile': reconcile,
};
