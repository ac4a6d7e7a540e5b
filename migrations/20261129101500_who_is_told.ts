import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    insert into email_kinds (kind) values
      ('booking_no_show'), ('booking_reminder'), ('document_added'), ('report_ready'), ('examinee_reminder'),
      ('unassigned_bookings');
    -- A no-show was announced as a kind of cancellation until now.
    update emails e set kind = 'booking_no_show' from bookings b
    where b.id = e.booking_id and e.status = 'queued' and e.kind = 'booking_cancelled'
      and b.current_progress = 'no_show';
    -- Runs the deferred audit triggers of the changed rows now: a table that has some waiting cannot be altered, here or
    -- in a later migration of the same transaction.
    set constraints all immediate;
    set constraints all deferred;

    alter table emails
      -- When the examination was before it moved: the message names both times.
      add column previous_starts_at timestamptz,
      -- The document that a message is about.
      add column document_id uuid references documents (id);

    -- Who is told about a booking beside its booker (bookings.created_by_id): people with an account in the booking's
    -- organisation. Who left the organisation is told nothing, whatever stands here.
    create table booking_contacts (
      id uuid primary key,
      booking_id uuid not null references bookings (id),
      user_id uuid not null references users (id),
      role text not null check (role in ('solicitor', 'report_recipient')),
      -- The REFERRER (or member of staff) who added the contact, also when an admin did it while acting as them.
      created_by_id uuid not null references users (id),
      -- The ADMIN who did it while acting as that referrer. The name reads the other way round: never swap the two.
      created_for_id uuid references users (id),
      created_at timestamptz not null default clock_timestamp(),
      unique (booking_id, user_id, role)
    );
    create index booking_contacts_user_idx on booking_contacts (user_id);
    create trigger booking_contacts_acting_pair before insert or update of created_by_id, created_for_id
      on booking_contacts for each row execute function check_acting_pair('created_by_id', 'created_for_id');
    create constraint trigger booking_contacts_audited after insert or update or delete on booking_contacts
      deferrable initially deferred for each row execute function audit_unannounced_part('booking_contact', 'booking_id');

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
      deferrable initially deferred for each row execute function audit_unannounced_part('user', 'user_id');
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
