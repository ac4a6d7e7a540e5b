import { z } from 'zod';
import { runJobAgain } from '../../../console/index.ts';
import { resendEmail } from '../../../email/index.ts';
import type { Span } from '../../../following/index.ts';
import { closeDifference } from '../../../sync/index.ts';
import { conflict, forbidden, notFound, parse } from '../../problem.ts';
import type { ConsoleServices } from '../console.services.ts';
import { selectListed, confirmation, type FormAction, type FormField } from './form.ts';

const replay: FormAction = {
  open: confirmation(
    'Delivers the event again. The appointment is read from Acuity again; nothing is created twice.',
  ),
  async send({ webhooks }, actor, id) {
    const outcome = z.uuid().safeParse(id).success ? await webhooks.replay(actor, id) : 'not_found';
    if (outcome === 'replayed') return 'The event will be delivered again in a moment';
    if (outcome === 'not_found') throw notFound();
    throw conflict(
      'invalid_transition',
      'This event was refused when it arrived, so its content was not kept.',
    );
  },
};

const sendAgain: FormAction = {
  open: confirmation('Sends this e-mail again to the same recipient.'),
  async send({ db, audit, jobs }, actor, id) {
    const outcome = z.uuid().safeParse(id).success
      ? await resendEmail({ db, audit, jobs }, actor, id)
      : 'not_found';
    if (outcome === 'queued') return 'The e-mail is queued';
    if (outcome === 'waits_already') throw conflict('invalid_transition', 'This e-mail is already queued.');
    if (outcome === 'not_theirs')
      throw conflict(
        'invalid_transition',
        'Not sent: the recipient is deactivated, or may no longer see the booking.',
      );
    if (outcome === 'switched_off')
      throw conflict('invalid_transition', 'Not sent: the recipient has switched this kind of e-mail off.');
    if (outcome === 'nobody')
      throw conflict('invalid_transition', 'Not sent: nobody in Examdesk has this e-mail address any more.');
    throw outcome === 'forbidden' ? forbidden() : notFound();
  },
};

const runAgain: FormAction = {
  open: confirmation('Runs the job now, with all its attempts again.'),
  async send({ db, audit, jobs }, actor, id) {
    const done = await runJobAgain({ db, audit, jobs }, actor, id);
    if (done === 'queued') return 'The job is running';
    throw done === 'forbidden' ? forbidden() : notFound('This job no longer exists, or is running already.');
  },
};

const close: FormAction = {
  open: confirmation(
    'Marks the difference as looked at: it no longer needs attention, as long as reconciliations find it again for the same reason. Nothing changes in Acuity or in the booking.',
  ),
  async send({ db, audit }, actor, id) {
    const outcome = await closeDifference({ db, audit }, actor, id);
    if (outcome === 'closed') return 'The difference is closed';
    if (outcome === 'forbidden') throw forbidden();
    if (outcome === 'not_found') throw notFound();
    throw conflict('invalid_transition', 'This difference is settled already.');
  },
};

const reconcileSchema = z.object({ days: z.enum(['near', 'all'], 'Choose which days').default('near') });

/** Whether reconciling the near weeks covers everything that needs attention. */
async function coversAttention(services: Pick<ConsoleServices, 'db'>, near: Span): Promise<boolean> {
  const failedFull = await selectListed(services, 'drift-reports', {
    needsAttention: 'true',
    kind: 'all',
  }).first('r.id');
  const farDifference = await selectListed(services, 'drift-items', { isStillDifferent: 'true' })
    .where((day) => {
      void day.where('r.day', '<', near.from).orWhere('r.day', '>', near.to);
    })
    .first('r.id');
  return failedFull === undefined && farDifference === undefined;
}

const reconcile: FormAction = {
  async open({ db, sync }) {
    const { near, all } = sync.spans();
    const intro =
      'Compares every appointment on these days with our bookings and corrects what differs. This takes a few minutes; its report shows how it goes.';
    const days: FormField = {
      name: 'days',
      label: 'Which days',
      type: 'select',
      value: (await coversAttention({ db }, near)) ? 'near' : 'all',
      options: [
        { value: 'near', label: `The near weeks, ${near.from} to ${near.to}` },
        { value: 'all', label: `Everything that can still change, ${all.from} to ${all.to} (takes longer)` },
      ],
    };
    return { intro, fields: [days], version: '' };
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
  'drift-items/close': close,
  'drift-reports/reconcile': reconcile,
};
