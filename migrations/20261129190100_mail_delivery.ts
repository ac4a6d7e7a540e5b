import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    insert into email_kinds (kind) values ('daily_digest');

    -- No row: the kind's usual delivery (src/mail-kinds).
    alter table mail_preferences drop constraint mail_preferences_delivery_check;
    alter table mail_preferences add constraint mail_preferences_delivery_check
      check (delivery in ('at_once', 'daily', 'off'));

    -- In which zone a person's day begins: an IANA name. Null: not known yet.
    alter table users add column timezone text;

    -- for_digest: waits for the recipient's next daily digest, and becomes sent with it.
    alter table emails drop constraint emails_status_check;
    alter table emails add constraint emails_status_check
      check (status in ('queued', 'for_digest', 'sent', 'failed', 'withheld'));
    -- The digest that tells of it.
    alter table emails add column daily_digest_id uuid references emails (id);
    create index emails_for_digest_idx on emails (recipient_id)
      where status = 'for_digest' and daily_digest_id is null;
    create index emails_daily_digest_idx on emails (daily_digest_id) where daily_digest_id is not null;

    drop trigger emails_changed_audited on emails;
    create constraint trigger emails_changed_audited after update on emails
      deferrable initially deferred for each row
      when (old.status not in ('queued', 'for_digest') and new.status is distinct from old.status
            or (new.kind, new.recipient, new.dedupe_key) is distinct from (old.kind, old.recipient, old.dedupe_key)
            or (new.booking_id, new.attempt_id, new.account_link_id, new.drift_report_id)
               is distinct from (old.booking_id, old.attempt_id, old.account_link_id, old.drift_report_id)
            or (new.document_id, new.digest_id, new.previous_starts_at)
               is distinct from (old.document_id, old.digest_id, old.previous_starts_at))
      execute function audit_unannounced_change('email');

    -- Each person has one digest a day, or none when there was nothing to tell: the row is written in either case.
    create table daily_digests (
      user_id uuid not null references users (id) on delete cascade,
      day date not null,
      primary key (user_id, day)
    );
    create index daily_digests_day_idx on daily_digests (day);
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
