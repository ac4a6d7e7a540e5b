import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table audit_log drop constraint audit_log_action_check;
    -- Whoever takes a list away as a file.
    alter table audit_log add constraint audit_log_action_check check (action in (
      'auth.signed_in', 'auth.sign_in_failed', 'auth.signed_out', 'auth.two_factor_failed', 'auth.password_reset',
      'impersonation.started', 'impersonation.ended',
      'booking.created', 'booking.viewed', 'booking.rescheduled', 'booking.cancelled', 'booking.progressed',
      'booking.edited',
      'document.uploaded', 'document.downloaded', 'document.deleted', 'document.refused',
      'webhook.received', 'webhook.processed', 'webhook.rejected', 'webhook.replayed',
      'drift.found', 'drift.fixed', 'record.changed', 'records.exported', 'access.denied'
    ));
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
