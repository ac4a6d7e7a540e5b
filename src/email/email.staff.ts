// The texts of e-mails to the agency's staff: counts and links, nothing about examinees.
import type { Queryable } from '../db/knex.ts';
import { unansweredMessage } from './email.messages.ts';
import { unassignedMessage } from './email.digest.ts';
import { mailKinds } from '../mail-kinds/index.ts';
import type { EmailRow, Links, Message, StaffEmail } from './email.ts';

export function isForStaff(email: EmailRow): email is StaffEmail {
  return mailKinds[email.kind].about === 'staff';
}

const footer = 'This message was sent to you because you work for the agency.';

export async function staffMessage(
  db: Queryable,
  email: StaffEmail,
  links: Links,
  now: Date,
): Promise<Message> {
  switch (email.kind) {
    case 'drift_report':
      return driftReport(db, email, links);
    case 'webhooks_repaired':
      return webhooksRepaired(links);
    case 'messages_unanswered':
      return { ...(await unansweredMessage(db, email, links)), footer };
    case 'unassigned_bookings':
      break;
  }
  return { ...(await unassignedMessage(db, email, links, now)), footer };
}

interface ReportFacts {
  from_day: string;
  to_day: string;
  found: number;
  fixed: number;
  unannounced: number;
}

/** Counts differences of future examinations that staff have not closed; the console shows the others as well. */
async function driftReport(db: Queryable, email: StaffEmail, links: Links): Promise<Message> {
  const count = (which: string) => db.raw(`(count(i.id) filter (where ${which}))::int`);
  const report = (await db('drift_reports as r')
    .leftJoin('drift_items as i', (join) =>
      join.on('i.report_id', 'r.id').andOnVal('i.is_over', false).onNull('i.closed_at'),
    )
    .where('r.id', email.drift_report_id)
    .groupBy('r.id')
    .first('r.from_day', 'r.to_day', {
      found: count('true'),
      fixed: count(`i.state = 'fixed'`),
      unannounced: count('not i.announced'),
    })) as ReportFacts | undefined;
  if (!report) throw new Error(`Message ${email.id} has no report`);
  const left = report.found - report.fixed;
  return {
    subject:
      left > 0
        ? `${differences(left)} from Acuity ${left === 1 ? 'needs' : 'need'} attention`
        : `${differences(report.found)} from Acuity repaired`,
    heading: 'Differences from Acuity',
    paragraphs: [
      left > 0
        ? 'Whatever can be repaired safely has been repaired. The rest needs a decision.'
        : 'Everything has been repaired. You need not do anything.',
    ],
    facts: [
      { label: 'Days checked', value: `${report.from_day} to ${report.to_day}` },
      { label: 'Found', value: String(report.found) },
      { label: 'Repaired', value: String(report.fixed) },
      { label: 'Need a decision', value: String(left) },
      { label: 'Found without a webhook event', value: String(report.unannounced) },
    ],
    action: { label: 'Open the console', href: links.console() },
    footer,
  };
}

function differences(count: number): string {
  return count === 1 ? '1 difference' : `${count} differences`;
}

function webhooksRepaired(links: Links): Message {
  return {
    subject: 'Acuity had stopped reporting changes',
    heading: 'The connection to Acuity is repaired',
    paragraphs: [
      'One of our webhook subscriptions was missing, disabled or silent. It has been created again, and the changes missed meanwhile have been read from Acuity.',
      'If this happens again, check that the address that Acuity calls can be reached from outside.',
    ],
    facts: [],
    action: { label: 'Open the console', href: links.console() },
    footer,
  };
}
