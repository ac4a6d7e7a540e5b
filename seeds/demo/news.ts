// What the story's referrers have seen of what the clinic and staff did: everything but the last week's.
import type { Transaction } from '../../src/db/knex.ts';
import type { Examination, Story } from './examinations.ts';
import type { PersonKey } from './people.ts';
import { dayMs, minute } from './rows.ts';

interface News {
  kind: 'report_ready' | 'cancelled' | 'moved' | 'no_show';
  at: Date;
}

/** After bookings and progress: the database has noted the news of progress as of now. */
export async function writeNews(
  trx: Transaction,
  { examinations }: Story,
  now: Date,
  idOf: (key: PersonKey) => string,
): Promise<void> {
  for (const one of examinations) {
    const news = newsOf(one);
    if (news.length === 0) continue;
    const booking = await trx('bookings')
      .where({ acuity_appointment_id: one.appointmentId })
      .first('id', 'organization_id');
    if (!booking) throw new Error(`Appointment ${one.appointmentId} of the demo has no booking`);
    const { id: booking_id, organization_id } = booking;
    await trx('booking_news')
      .insert(news.map(({ kind, at }) => ({ booking_id, kind, at, organization_id })))
      .onConflict(['booking_id', 'kind'])
      .merge(['at']);
    const latest = Math.max(...news.map(({ at }) => at.getTime()));
    if (latest > now.getTime() - 7 * dayMs || typeof one.row.by !== 'string') continue;
    await trx('booking_seen').insert({
      user_id: idOf(one.row.by),
      booking_id,
      seen_at: new Date(latest + 95 * minute),
    });
  }
}

function newsOf({ row, moved, cancelledAt, reportedAt, startsAt }: Examination): News[] {
  const news: News[] = [];
  if (moved && row.moved?.by === 'clinic') news.push({ kind: 'moved', at: moved.at });
  if (cancelledAt && row.cancelled?.by === 'clinic') news.push({ kind: 'cancelled', at: cancelledAt });
  if (row.stage === 'no_show') news.push({ kind: 'no_show', at: new Date(startsAt.getTime() + 40 * minute) });
  if (reportedAt) news.push({ kind: 'report_ready', at: reportedAt });
  return news;
}
