import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table specialists (
      id uuid primary key,
      user_id uuid unique references users (id) on delete set null,
      name text not null,
      title text,
      specialty text not null,
      location text, -- null: telehealth only
      timezone text not null,
      acuity_calendar_id bigint not null unique,
      is_active boolean not null default true,
      position integer not null default 0,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now()
    );
    create index specialists_list_idx on specialists (is_active, position, name);

    create table specialist_services (
      specialist_id uuid not null references specialists (id) on delete cascade,
      type text not null check (type in ('in_person', 'telehealth')),
      acuity_appointment_type_id bigint not null,
      duration_minutes integer not null check (duration_minutes > 0),
      primary key (specialist_id, type)
    );

    -- Which question of Acuity's intake form is which of our columns.
    create table intake_fields (
      name text primary key check (name in (
        'reference', 'examinee_first_name', 'examinee_last_name', 'examinee_phone', 'examinee_email',
        'examinee_date_of_birth', 'claim_number', 'organization'
      )),
      acuity_field_id bigint not null unique
    );

    create trigger specialists_updated_at before update on specialists
      for each row execute function set_updated_at();
    create constraint trigger specialists_audited after insert or update or delete on specialists
      deferrable initially deferred for each row execute function audit_unannounced_change('specialist');
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
