import type { Knex } from 'knex';

// Messages between the referrers of a booking and staff, and notes of staff. Without `on delete cascade`: a booking that
// somebody wrote about is not taken back by undoing an import.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table booking_messages (
      id uuid primary key,
      booking_id uuid not null references bookings (id),
      body text not null check (body <> '' and length(body) <= 4000),
      -- Written by staff, to the booking's referrers. Otherwise by a referrer, also when an admin acted as them.
      is_from_staff boolean not null,
      -- The REFERRER (or member of staff) who wrote it, also when an admin did it while acting as them.
      created_by_id uuid not null references users (id),
      -- The ADMIN who did it while acting as that referrer. The name reads the other way round: never swap the two.
      created_for_id uuid references users (id),
      -- Tells a second sending of the same form apart from a second message.
      idempotency_key text not null,
      -- Of a referrer's message: since when staff need not answer it any more.
      answered_at timestamptz,
      -- The digest by mail that told staff of it.
      digest_id uuid,
      created_at timestamptz not null default clock_timestamp(),
      unique (booking_id, created_by_id, idempotency_key),
      check (created_for_id is null or not is_from_staff)
    );
    create index booking_messages_booking_idx on booking_messages (booking_id, created_at, id);
    create index booking_messages_author_idx on booking_messages (created_by_id);
    create index booking_messages_unanswered_idx on booking_messages (booking_id)
      where not is_from_staff and answered_at is null;
    create index booking_messages_digest_idx on booking_messages (digest_id) where digest_id is not null;
    create trigger booking_messages_acting_pair before insert or update of created_by_id, created_for_id
      on booking_messages for each row execute function check_acting_pair('created_by_id', 'created_for_id');
    create constraint trigger booking_messages_audited after insert or update of body, is_from_staff, created_by_id,
        created_for_id, answered_at or delete on booking_messages
      deferrable initially deferred for each row execute function audit_unannounced_change('booking', 'booking_id');

    -- Up to which message a person has read a booking's thread. Never written while an admin acts as them.
    create table booking_message_reads (
      booking_id uuid not null references bookings (id),
      user_id uuid not null references users (id) on delete cascade,
      read_to timestamptz not null,
      primary key (booking_id, user_id)
    );
    create index booking_message_reads_user_idx on booking_message_reads (user_id);

    -- What staff note for each other. Referrers never see them: a table of its own, which no statement for referrers reads.
    create table staff_notes (
      id uuid primary key,
      booking_id uuid not null references bookings (id),
      body text not null check (body <> '' and length(body) <= 4000),
      written_by_id uuid not null references users (id),
      idempotency_key text not null,
      created_at timestamptz not null default clock_timestamp(),
      unique (booking_id, written_by_id, idempotency_key)
    );
    create index staff_notes_booking_idx on staff_notes (booking_id, created_at, id);
    create index staff_notes_author_idx on staff_notes (written_by_id);
    create constraint trigger staff_notes_audited after insert or update or delete on staff_notes
      deferrable initially deferred for each row execute function audit_unannounced_change('booking', 'booking_id');

    insert into audit_actions (action) values ('message.sent'), ('message.answered'), ('note.added');
    insert into email_kinds (kind) values ('message_received'), ('messages_unanswered');

    -- A message of staff is news to the booking's referrers.
    alter table booking_news drop constraint booking_news_kind_check;
    alter table booking_news add constraint booking_news_kind_check
      check (kind in ('report_ready', 'cancelled', 'moved', 'no_show', 'message'));
    create function tell_news_of_message() returns trigger language plpgsql as $$
    begin
      perform tell_news(new.booking_id, 'message');
      return null;
    end $$;
    create trigger booking_messages_news after insert on booking_messages for each row
      when (new.is_from_staff) execute function tell_news_of_message();
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
