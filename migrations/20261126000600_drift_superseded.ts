import type { Knex } from 'knex';

/**
 * Whether a later look has been over a difference that was left is written down when that look ends. Asked anew of each
 * item and each report it took minutes once a year of looks had said the same.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- The appointment's in its own zone, for those without a booking; null when Acuity no longer knew it.
    alter table drift_items add column day date;
    -- Of those left: a later look covered their day, said the same again, or nobody looks at that day any more.
    alter table drift_items add column superseded boolean not null default false;
    create index drift_items_stands_idx on drift_items (found_at, id) where state = 'left' and not superseded;
    create index drift_reports_failed_idx on drift_reports (started_at) where state = 'failed';
    -- Without it each report that is removed looks through all mails.
    create index emails_drift_report_idx on emails (drift_report_id) where drift_report_id is not null;

    -- Day by day, each with its newest look: there are few days, and many items.
    create temporary table looked on commit drop as
      select at.day, (select max(n.started_at) from drift_reports n
                      where n.state = 'done' and (n.kind = 'all' or at.day between n.from_day and n.to_day)) as last
      from (select distinct (b.starts_at at time zone b.timezone)::date as day
            from drift_items i join bookings b on b.id = i.booking_id where i.state = 'left') at;
    update drift_items i set superseded = true
    from drift_reports d
    where d.id = i.report_id and i.state = 'left' and d.started_at < coalesce(
      (select l.last from bookings b join looked l on l.day = (b.starts_at at time zone b.timezone)::date
       where b.id = i.booking_id),
      case when i.booking_id is null then (select max(started_at) from drift_reports where state = 'done') end);
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
