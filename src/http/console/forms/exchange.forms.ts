import { z } from 'zod';
import { runJobAgain } from '../../../console/index.ts';
import { resendEmail } from '../../../email/index.ts';
import { conflict, forbidden, notFound } from '../../problem.ts';
import { question, type FormAction } from './form.ts';

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
  open: question('The same message goes to the same address once more.', 'Send again'),
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
    throw outcome === 'forbidden' ? forbidden() : notFound();
  },
};

const runAgain: FormAction = {
  open: question('The job gets all its tries again, the first one now.', 'Run again'),
  async send({ db, audit, jobs }, actor, id) {
    const done = await runJobAgain({ db, audit, jobs }, actor, id);
    if (done === 'runs') return 'It runs now';
    throw done === 'forbidden' ? forbidden() : notFound('This job is gone, or is running just now.');
  },
};

const reconcile: FormAction = {
  open: ({ sync }) => {
    const { from, to } = sync.nearSpan();
    const intro = `Every appointment from ${from} to ${to} is held against our bookings, and what differs is put right. It takes some minutes: look at its report.`;
    return Promise.resolve({ intro, submit: 'Reconcile now', fields: [], version: '' });
  },
  async send({ sync }, actor) {
    const asked = await sync.ask(actor);
    if (asked.ok) return 'It begins now: its report is in the list';
    if (asked.reason === 'forbidden') throw forbidden();
    throw conflict('invalid_transition', 'A reconciliation is under way already. Look at its report.');
  },
};

export const exchangeForms = {
  'webhook-events/replay': replay,
  'emails/send-again': sendAgain,
  'failed-jobs/run-again': runAgain,
  'drift-reports/reconcile': reconcile,
};
