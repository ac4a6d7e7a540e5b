// Who did it (the referrer) and for whom it was done (the admin acting), wherever a record names the two: the database
// takes no pair of which the one never acted as the other, whoever writes it, and however.
import { expect } from 'chai';
import type { Transaction } from '../../src/db/knex.ts';
import { dayAhead } from '../support/days.ts';
import { openMatrixFixture, type MatrixFixture } from '../support/matrix-fixture.ts';

/** Every pair of columns of the kind, and a row to write it into. */
const pairs: { table: string; by: string; for: string; alone?: object }[] = [
  { table: 'bookings', by: 'created_by_id', for: 'created_for_id' },
  {
    table: 'booking_contacts',
    by: 'created_by_id',
    for: 'created_for_id',
    alone: { role: 'report_recipient' },
  },
  { table: 'booking_messages', by: 'created_by_id', for: 'created_for_id' },
  { table: 'booking_attempts', by: 'created_by_id', for: 'created_for_id' },
  { table: 'booking_progress', by: 'changed_by_id', for: 'changed_for_id' },
  { table: 'documents', by: 'uploaded_by_id', for: 'uploaded_for_id' },
  { table: 'wait_entries', by: 'created_by_id', for: 'created_for_id', alone: { booking_id: null } },
  { table: 'documents', by: 'deleted_by_id', for: 'deleted_for_id', alone: { deleted_at: new Date() } },
];

describe('the referrer and the admin acting', () => {
  let fixture: MatrixFixture;
  before(async () => {
    fixture = await openMatrixFixture();
    await fixture.aDocument();
    const { rita } = fixture.userIds;
    await fixture.app.db('booking_contacts').insert({
      id: fixture.app.db.raw('gen_random_uuid()'),
      booking_id: fixture.bookingId,
      role: 'solicitor',
      user_id: rita,
      created_by_id: rita,
    });
    await fixture.app.db('booking_messages').insert({
      id: fixture.app.db.raw('gen_random_uuid()'),
      booking_id: fixture.bookingId,
      body: 'May the examinee bring a friend?',
      is_from_staff: false,
      created_by_id: rita,
      idempotency_key: 'a key of a form',
    });
    const booking = await fixture.app
      .db('bookings')
      .where({ id: fixture.bookingId })
      .first('specialist_id', 'organization_id');
    await fixture.app.db('wait_entries').insert({
      id: fixture.app.db.raw('gen_random_uuid()'),
      created_by_id: rita,
      organization_id: booking!.organization_id!,
      specialist_id: booking!.specialist_id,
      type: 'in_person',
      before: new Date(dayAhead(13)),
    });
  });
  after(() => fixture.close());

  /** The name of the constraint that refuses; null when it is taken. Nothing stays either way. */
  const refusalOf = async (write: (trx: Transaction) => Promise<unknown>): Promise<string | null> => {
    const trx = await fixture.app.db.transaction();
    try {
      await write(trx);
      return null;
    } catch (error) {
      return (error as { constraint?: string }).constraint ?? String(error);
    } finally {
      await trx.rollback();
    }
  };

  it('are checked in every table that has both columns', async () => {
    const { rows } = await fixture.app.db.raw<{ rows: { name: string }[] }>(
      `select table_name || '.' || column_name as name from information_schema.columns
       where table_schema = 'public' and column_name like '%\\_for\\_id' order by 1`,
    );
    const known = pairs.map((pair) => `${pair.table}.${pair.for}`);
    expect(rows.map(({ name }) => name)).to.deep.equal(known.toSorted());
  });

  for (const { table, alone = {}, ...pair } of pairs) {
    const written = (by: string | undefined, forAdmin: string | undefined) => ({
      ...alone,
      [pair.by]: by,
      [pair.for]: forAdmin,
    });
    const wrong = () => {
      const { rita, nadia, admin, support } = fixture.userIds;
      return [
        ['the other way round', written(admin, rita)],
        ['a referrer nobody acted as', written(nadia, admin)],
        ['somebody who never acted', written(rita, support)],
        ['nobody', { ...written(rita, admin), [pair.by]: null }],
      ] as const;
    };

    it(`are whom they should be in ${table}.${pair.by} when it is changed`, async () => {
      for (const [who, change] of wrong()) {
        const refusal = await refusalOf((trx) => trx(table).update(change));
        expect(refusal, who).to.be.oneOf([`${table}_acting_pair`, 'bookings_acting']);
      }
      const right = written(fixture.userIds.rita, fixture.userIds.admin);
      expect(await refusalOf((trx) => trx(table).update(right))).to.equal(null);
    });

    it(`are whom they should be in ${table}.${pair.by} when it is new`, async () => {
      const [row] = (await fixture.app.db(table).limit(1)) as Record<string, unknown>[];
      const unique = ['reference', 's3_key', 'idempotency_key', 'acuity_appointment_id'];
      const copy = Object.fromEntries(
        Object.entries(row ?? {})
          .filter(([name]) => !name.startsWith('search_'))
          .map(([name, value]) => [name, asWritten(name, value, unique.includes(name))]),
      );
      const another = { ...copy, id: fixture.app.db.raw('gen_random_uuid()') };
      for (const [who, change] of wrong()) {
        const refusal = await refusalOf((trx) => trx(table).insert({ ...another, ...change }));
        expect(refusal, who).to.be.oneOf([`${table}_acting_pair`, 'bookings_acting']);
      }
      const right = written(fixture.userIds.rita, fixture.userIds.admin);
      expect(await refusalOf((trx) => trx(table).insert({ ...another, ...right }))).to.equal(null);
    });
  }
});

function asWritten(name: string, value: unknown, isUnique: boolean): unknown {
  if (!isUnique) return name === 'request' ? JSON.stringify(value) : value;
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'string' && /^\d+$/.test(value)) return String(Number(value) + 1);
  return name === 's3_key' ? 'documents/another' : name === 'reference' ? 'EX-AAAAAA' : value && 'another';
}
