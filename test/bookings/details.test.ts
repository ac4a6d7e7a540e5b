// Holds the list of details against the table, and against everything that is derived from it.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { details } from '../../src/bookings/index.ts';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';

/** Columns of `bookings` that are no details. A new column belongs here or in the list of details. */
const others = [
  'acuity_answers_digest',
  'acuity_appointment_id',
  'created_at',
  'created_by_id',
  'created_for_id',
  'current_progress',
  'details_needed',
  'duration_minutes',
  'external_created_by',
  'id',
  'location',
  'meeting_link',
  'organization_id',
  'reference',
  'search_lexemes',
  'search_text',
  'source',
  'specialist_id',
  'starts_at',
  'status',
  'time_chosen_at',
  'timezone',
  'type',
  'updated_at',
  'version',
];

describe('list of details', () => {
  let database: TestDatabase;

  before(async () => {
    database = await openTestDatabase();
  });
  after(() => database.close());

  it('names exactly the table’s columns that are details, nullable ones where a detail may be absent', async () => {
    const columns = (await database
      .db('information_schema.columns')
      .where({ table_schema: 'public', table_name: 'bookings' })
      .select('column_name', 'is_nullable')) as { column_name: string; is_nullable: string }[];
    expect(columns.map(({ column_name: name }) => name)).to.have.members([
      ...details.map(({ column }) => column),
      ...others,
    ]);
    for (const { column, absent } of details) {
      const found = columns.find(({ column_name: name }) => name === column);
      expect(found?.is_nullable, column).to.equal(absent === null ? 'YES' : 'NO');
    }
  });

  it('reaches every derived place when a detail is added in memory', async function () {
    this.timeout(120_000);
    const program = path.resolve(import.meta.dirname, '../support/throw-away-detail.ts');
    const child = spawn(process.execPath, [program], { stdio: ['ignore', 'ignore', 'pipe'] });
    const [complaints, code] = await Promise.all([
      text(child.stderr),
      new Promise((resolve) => {
        child.on('exit', resolve);
      }),
    ]);
    expect(code, complaints).to.equal(0);
  });
});
