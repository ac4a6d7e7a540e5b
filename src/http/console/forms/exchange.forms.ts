import { createBulkVerbs, type BulkKind } from '../../../bulk/index.ts';
import { bulkParts, findRow, seenIn, selectRows, tableNamed } from '../../../console/index.ts';
import type { Span } from '../../../following/index.ts';
import { runJobAgain } from '../../../jobs/index.ts';
import type { ConsoleServices } from '../console.services.ts';
import { confirmation, recordForm, formField, type FormAction } from './form.ts';

/** Does a bulk action to one record, by the same verb. */
const byBulkVerb = (kind: BulkKind, intro: string, notice: string): FormAction =>
  recordForm({
    read: ({ db }, id) => findRow(db, bulkParts(kind).table, id),
    intro: () => intro,
    version: (row) => seenIn(kind, row),
    async send(services, actor, id, { version }) {
      const outcome = await createBulkVerbs(services)[kind](actor, id, version, {});
      return outcome === 'done' ? notice : { ok: false, reason: 'skipped', why: outcome.skipped };
    },
  });

/** Whether reconciling the near weeks covers everything that needs attention. */
async function coversAttention({ db }: Pick<ConsoleServices, 'db'>, near: Span): Promise<boolean> {
  const failed = { needsAttention: 'true', kind: 'all' };
  const failedFull = await selectRows(db, tableNamed('drift-reports'), failed).first('r.id');
  const farDifference = await selectRows(db, tableNamed('drift-items'), { isStillDifferent: 'true' })
    .where((day) => {
      void day.where('r.day', '<', near.from).orWhere('r.day', '>', near.to);
    })
    .first('r.id');
  return failedFull === undefined && farDifference === undefined;
}

export const exchangeForms = {
  'webhook-events/replay': byBulkVerb(
    'webhook-events/replay',
    'Delivers the event again. The appointment is read from Acuity again; nothing is created twice.',
    'The event will be delivered again in a moment',
  ),
  'emails/send-again': byBulkVerb(
    'emails/send-again',
    'Sends this e-mail again to the same recipient.',
    'The e-mail is queued',
  ),
  'drift-items/close': byBulkVerb(
    'drift-items/close',
    'Marks the difference as looked at: it no longer needs attention, as long as reconciliations find it again for the same reason. Nothing changes in Acuity or in the booking.',
    'The difference is closed',
  ),
  'failed-jobs/run-again': confirmation(
    'Runs the job now, with all its attempts again.',
    async ({ db, audit, jobs }, actor, id) => {
      const done = await runJobAgain({ db, audit, jobs }, actor, id);
      if (done === 'queued') return 'The job is running';
      return { ok: false, reason: done === 'gone' ? 'no_such_job' : 'forbidden' };
    },
  ),
  'drift-reports/reconcile': recordForm({
    read: ({ sync }) => sync.spans(),
    intro: () =>
      'Compares every appointment on these days with our bookings and corrects what differs. This takes a few minutes; its report shows how it goes.',
    fields: async ({ near, all }, services) => [
      formField('days', 'Which days', (await coversAttention(services, near)) ? 'near' : 'all', {
        options: [
          { value: 'near', label: `The near weeks, ${near.from} to ${near.to}` },
          {
            value: 'all',
            label: `Everything that can still change, ${all.from} to ${all.to} (takes longer)`,
          },
        ],
      }),
    ],
    notice: 'The reconciliation has started: see its report in the list',
    send: ({ sync }, actor, _id, { values: { days = 'near' } }) => sync.requestRun(actor, days),
  }),
};
