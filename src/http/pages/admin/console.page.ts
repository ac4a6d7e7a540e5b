// What waits for staff, each number a way to it; and the tools.
import type { Database } from '../../../db/knex.ts';
import { viewerOf } from '../../actor.ts';
import type { PageRoute } from '../../endpoint.ts';
import type { PageData } from '../../views.ts';

export interface ConsolePage extends PageData {
  waiting: { label: string; count: number; hint: string }[];
  isAdmin: boolean;
}

const questions = `
  select (select count(*) from bookings where organization_id is null or created_by_id is null)::int as unassigned,
         (select count(*) from bookings where details_needed and status = 'active')::int as details,
         (select count(*) from webhook_events where state = 'dead')::int as dead,
         (select count(distinct appointment_id) from drift_items i where i.state = 'left' and i.report_id = (
            select id from drift_reports where state = 'done' order by started_at desc limit 1))::int as drift,
         (select count(*) from emails where status = 'failed')::int as mails,
         (select count(*) from documents where status = 'infected')::int as infected,
         (select count(*) from graphile_worker._private_jobs where attempts >= max_attempts)::int as jobs`;

type Counts = Record<'unassigned' | 'details' | 'dead' | 'drift' | 'mails' | 'infected' | 'jobs', number>;

export function consolePages({ db }: { db: Database }): PageRoute[] {
  return [
    {
      method: 'get',
      path: '/admin',
      access: 'staff',
      async handle(_req, res) {
        const { rows } = await db.raw<{ rows: Counts[] }>(questions);
        const page: ConsolePage = {
          title: 'Console',
          waiting: rows[0] ? waitingOf(rows[0]) : [],
          isAdmin: viewerOf(res)?.role === 'admin',
        };
        res.render('admin/console', page);
      },
    },
  ];
}

function waitingOf(counts: Counts): ConsolePage['waiting'] {
  return [
    { label: 'Bookings to assign', count: counts.unassigned, hint: 'Made in Acuity; nobody here was named' },
    { label: 'Bookings without details', count: counts.details, hint: 'The intake form was left empty' },
    { label: 'Differences with Acuity', count: counts.drift, hint: 'Left by the last reconciliation' },
    { label: 'Events given up', count: counts.dead, hint: 'Not delivered for a day' },
    { label: 'Mails that failed', count: counts.mails, hint: 'Refused by the mail server' },
    { label: 'Infected files', count: counts.infected, hint: 'Refused and removed' },
    { label: 'Jobs given up', count: counts.jobs, hint: 'Out of attempts' },
  ];
}
