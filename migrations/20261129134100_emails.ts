import type { Knex } from 'knex';

// The outbox: a message is written in the transaction of what it tells, and sent by a job.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- A new kind is a row of a new migration, and a line of the code's list (src/email/email.ts).
    create table email_kinds (kind text primary key);
    insert into email_kinds (kind) values
      ('booking_confirmation'), ('booking_rescheduled'), ('booking_cancelled'), ('booking_no_show'), ('booking_failed'),
      ('booking_reminder'), ('examinee_reminder'), ('document_added'), ('report_ready'), ('unassigned_bookings'),
      ('account_invitation'), ('password_reset'), ('password_changed'), ('email_change'), ('email_changed'),
      ('two_factor_changed'), ('drift_report'), ('webhooks_repaired');

    create table emails (
      id uuid primary key,
      kind text not null references email_kinds,
      dedupe_key text not null unique, -- e.g. booking_confirmation:<booking id>: one message, however often asked
      recipient text not null,
      booking_id uuid references bookings (id),
      attempt_id uuid references booking_attempts (id),
      -- withheld: when its turn came, the recipient might not see the booking any more.
      status text not null default 'queued' check (status in ('queued', 'sent', 'failed', 'withheld')),
      attempts integer not null default 0,
      last_error text,
      message_id text,
      sent_at timestamptz,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      account_link_id uuid references account_links (id) on delete cascade,
      drift_report_id uuid references drift_reports (id) on delete cascade,
      -- Whom a message is for, whatever their address becomes before it is sent. Null: a mail about an account, which goes
      -- to whoever has the address.
      recipient_id uuid references users (id) on delete set null,
      -- When the examination was before it moved: the message names both times.
      previous_starts_at timestamptz,
      -- The document that a message is about.
      document_id uuid references documents (id),
      digest_id uuid,
      check ((status = 'sent') = (sent_at is not null))
    );
    create index emails_status_idx on emails (status, created_at);
    create index emails_list_idx on emails (created_at, id);
    create index emails_booking_idx on emails (booking_id);
    create index emails_account_link_idx on emails (account_link_id) where account_link_id is not null;
    -- Without it each report that is removed reads all mails.
    create index emails_drift_report_idx on emails (drift_report_id) where drift_report_id is not null;
    -- Whether a later message of the same kind reached the recipient: asked on the console's first page for each that did not.
    create index emails_reached_idx on emails (recipient, kind, created_at) where status = 'sent';
    create trigger emails_updated_at before update on emails for each row execute function set_updated_at();
    -- Messages change by themselves on their way: that is no change of a record. Audited is what only a person does: take
    -- up a finished one again, give it another recipient or content, delete it.
    create constraint trigger emails_changed_audited after update on emails
      deferrable initially deferred for each row
      when (old.status <> 'queued' and new.status is distinct from old.status
            or (new.kind, new.recipient, new.dedupe_key) is distinct from (old.kind, old.recipient, old.dedupe_key)
            or (new.booking_id, new.attempt_id, new.account_link_id, new.drift_report_id)
               is distinct from (old.booking_id, old.attempt_id, old.account_link_id, old.drift_report_id)
            or (new.document_id, new.digest_id, new.previous_starts_at)
               is distinct from (old.document_id, old.digest_id, old.previous_starts_at))
      execute function audit_unannounced_change('email');
    create constraint trigger emails_deleted_audited after delete on emails
      deferrable initially deferred for each row execute function audit_unannounced_change('email');

    -- Which kinds of message a person has switched off. No row: sent at once.
    create table mail_preferences (
      user_id uuid not null references users (id) on delete cascade,
      kind text not null references email_kinds,
      delivery text not null check (delivery in ('at_once', 'off')),
      updated_at timestamptz not null default now(),
      primary key (user_id, kind)
    );
    create trigger mail_preferences_updated_at before update on mail_preferences
      for each row execute function set_updated_at();
    create constraint trigger mail_preferences_audited after insert or update or delete on mail_preferences
      deferrable initially deferred for each row execute function audit_unannounced_change('user', 'user_id');
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
