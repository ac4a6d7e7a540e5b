import type { Knex } from 'knex';

// Lookup tables instead of CHECK lists: a migration that adds a kind inserts one row and never repeats the others.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table audit_actions (action text primary key);
    insert into audit_actions (action) values
      ('auth.signed_in'), ('auth.sign_in_failed'), ('auth.signed_out'), ('auth.two_factor_failed'),
      ('auth.password_reset'), ('impersonation.started'), ('impersonation.ended'),
      ('booking.created'), ('booking.viewed'), ('booking.rescheduled'), ('booking.cancelled'),
      ('booking.progressed'), ('booking.edited'),
      ('document.uploaded'), ('document.downloaded'), ('document.deleted'), ('document.refused'),
      ('webhook.received'), ('webhook.processed'), ('webhook.rejected'), ('webhook.replayed'),
      ('drift.found'), ('drift.fixed'), ('record.changed'), ('records.exported'), ('access.denied');
    alter table audit_log drop constraint audit_log_action_check;
    alter table audit_log add constraint audit_log_action_fkey foreign key (action) references audit_actions;

    create table email_kinds (kind text primary key);
    insert into email_kinds (kind) values
      ('booking_confirmation'), ('booking_rescheduled'), ('booking_cancelled'), ('booking_failed'),
      ('account_invitation'), ('password_reset'), ('password_changed'), ('email_change'), ('email_changed'),
      ('two_factor_changed'), ('drift_report'), ('webhooks_repaired');
    alter table emails drop constraint emails_kind_check;
    alter table emails add constraint emails_kind_fkey foreign key (kind) references email_kinds;

    -- Which details exist is said by the code's list of details; the room refuses other names.
    alter table intake_fields drop constraint intake_fields_name_check;
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
