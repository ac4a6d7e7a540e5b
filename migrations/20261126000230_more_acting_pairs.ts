import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Who did it for whom is checked wherever it stands: also who deleted a document, on what we are about to ask of
    -- Acuity (from which the booking takes it over), and when an entry of progress is written anew.
    create trigger documents_deleting_pair before insert or update of deleted_by_id, deleted_for_id on documents
      for each row execute function check_acting_pair('deleted_by_id', 'deleted_for_id');
    create trigger booking_intentions_acting_pair before insert or update of created_by_id, created_for_id
      on booking_intentions for each row execute function check_acting_pair('created_by_id', 'created_for_id');
    create trigger booking_progress_acting_pair_kept before update of changed_by_id, changed_for_id
      on booking_progress for each row execute function check_acting_pair('changed_by_id', 'changed_for_id');
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
