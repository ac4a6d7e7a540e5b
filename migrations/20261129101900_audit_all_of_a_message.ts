import type { Knex } from 'knex';

// What a message is about may be a document or a digest, too: whoever points it elsewhere is on record.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    drop trigger emails_changed_audited on emails;
    create constraint trigger emails_changed_audited after update on emails
      deferrable initially deferred for each row
      when (old.status <> 'queued' and new.status is distinct from old.status
            or (new.kind, new.recipient, new.dedupe_key) is distinct from (old.kind, old.recipient, old.dedupe_key)
            or (new.booking_id, new.intention_id, new.account_link_id, new.drift_report_id)
               is distinct from (old.booking_id, old.intention_id, old.account_link_id, old.drift_report_id)
            or (new.document_id, new.digest_id, new.previous_starts_at)
               is distinct from (old.document_id, old.digest_id, old.previous_starts_at))
      execute function audit_unannounced_change('email');
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
