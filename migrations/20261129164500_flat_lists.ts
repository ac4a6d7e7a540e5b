import type { Knex } from 'knex';

// Lists that stay as fast with a million bookings as with a thousand: an index for each filter that finds few rows.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- The log is read by time: an id is given before it is written, a time range is what people ask for.
    drop index audit_log_at_idx;
    create index audit_log_at_idx on audit_log (at, id);
    create index audit_log_action_idx on audit_log (action, at, id);
    create index audit_log_outcome_idx on audit_log (outcome, at, id) where outcome <> 'success';
    -- An id is of one type only.
    drop index audit_log_resource_idx;
    create index audit_log_resource_idx on audit_log (resource_id, at, id);

    create index bookings_details_needed_idx on bookings (starts_at desc, id desc) where details_needed;
    -- What waits for the next step.
    create index bookings_active_progress_idx on bookings (current_progress, starts_at desc, id desc) where status = 'active';
    -- The first page of the console counts by week and source.
    drop index bookings_created_at_idx;
    create index bookings_created_at_idx on bookings (created_at, source);

    create index documents_category_idx on documents (category, created_at, id);
    create index documents_status_idx on documents (status, created_at, id);

    create index users_staff_idx on users (role, name, id) where role <> 'referrer';
    create index users_banned_idx on users (id) where banned;
    drop index members_organization_id_idx;
    create index members_organization_idx on members (organization_id, user_id);
    create index organizations_list_idx on organizations (name, id);
    create index organizations_alphabet_idx on organizations (lower(name), id);
  `);
  // One for each value: PostgreSQL takes an index over (status, starts_at) for unordered, and reads all newer bookings
  // instead.
  for (const [column, values] of Object.entries({
    status: ['cancelled', 'closed', 'archived'],
    current_progress: [
      'rescheduled',
      'cancelled',
      'no_show',
      'generating_report',
      'report_generated',
      'payment_received',
    ],
  }))
    for (const value of values)
      await knex.raw(
        `create index bookings_${column === 'status' ? 'are' : 'progress'}_${value}_idx on bookings (starts_at desc, id desc) where ${column} = '${value}'`,
      );
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
