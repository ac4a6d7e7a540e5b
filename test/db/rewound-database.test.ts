import { expect } from 'chai';
import { openBookingGround, openBookingFixture, valueOf, tuesdayAtTen } from '../support/booking-fixture.ts';
import { createFakeAcuity } from '../support/fakes/acuity.ts';

describe('rewind', () => {
  it('puts back every row and sequence that a test added, changed or removed', async () => {
    const ground = await openBookingGround();
    const { database } = ground;
    const contents = async (): Promise<Record<string, string>> => {
      const { rows } = await database.owner.raw<{ rows: { name: string; content: string }[] }>(`
        select c.oid::regclass::text as name,
               query_to_xml(format('select t::text from %s as t order by 1', c.oid::regclass), true, true, '')::text
                 as content
        from pg_class c
        where c.relkind = 'r' and c.relnamespace in ('public'::regnamespace, 'graphile_worker'::regnamespace)
        union all
        select sequencename, coalesce(last_value::text, 'never used')
        from pg_sequences where schemaname in ('public', 'graphile_worker')`);
      return Object.fromEntries(rows.map(({ name, content }) => [name, content]));
    };
    try {
      const before = await contents();
      const fake = createFakeAcuity();
      fake.offer(7001, tuesdayAtTen.toISOString());
      const fixture = await openBookingFixture(fake, {}, ground);
      valueOf(await fixture.attempts.book(fixture.people.rita, fixture.requestFor(), null));
      await database.db('specialists').update({ name: 'Dr Another' });
      await database.db('paperwork_rules').delete();
      const changed = await contents();
      const names = Object.keys(before).filter((name) => changed[name] !== before[name]);
      expect(names).to.include.members(['bookings', 'audit_log', 'emails', 'specialists', 'paperwork_rules']);
      expect(names).to.include.members(['graphile_worker._private_jobs', 'audit_log_id_seq']);
      await database.rewind();
      expect(await contents()).to.deep.equal(before);
    } finally {
      await ground.close();
    }
  });
});
