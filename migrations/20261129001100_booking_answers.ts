import type { Knex } from 'knex';

// The answers to Acuity's own questions, each with its question as it was asked. A history: the newest row of a booking
// is current, rows are never changed. A booking without a row was made before answers were kept.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table booking_answers (
      id uuid primary key,
      booking_id uuid not null references bookings (id),
      -- [{fieldId, form, label, type, value}]; health information
      answers jsonb not null check (jsonb_typeof(answers) = 'array'),
      -- Of all that Acuity's forms said then: an equal one says that nothing was changed there.
      acuity_digest text not null,
      source text not null check (source in ('portal', 'acuity', 'reconciliation')),
      created_at timestamptz not null default clock_timestamp()
    );
    create index booking_answers_booking_idx on booking_answers (booking_id, created_at desc, id desc);
    create constraint trigger booking_answers_audited after insert or update or delete on booking_answers
      deferrable initially deferred for each row execute function audit_unannounced_part('booking_answers', 'booking_id');
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
