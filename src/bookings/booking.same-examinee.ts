// Finds upcoming examinations of the same person, so that nobody is booked twice by mistake.
import type { Viewer } from '../accounts/index.ts';
import type { Database } from '../db/knex.ts';
import { prepare, type Statements } from '../db/statements.ts';
import type { Clock } from '../ports/clock.ts';
import { onlyVisible } from './booking.access.ts';
import type { DraftDetails } from './booking.details.ts';
import { examineeSchema } from './booking.input.ts';
import { selectBookings, toBooking, type BookingRow } from './booking.repository.ts';
import type { Booking } from './booking.ts';

export interface SameExaminee {
  /**
   * Active bookings of the viewer's organisation whose examination is still to come, of a person with the same name and
   * the same date of birth or phone number; soonest first, five at most. Accents and upper case make no difference.
   * @param typed as in a draft; what cannot be read matches nobody
   */
  find(viewer: Viewer, typed: DraftDetails): Promise<Booking[]>;
}

interface Asked {
  organizationId: string;
  now: Date;
  name: string;
  phone: string;
  bornOn: string | null;
}

const sameExamineeQuery = prepare<BookingRow, Asked>(
  'upcoming bookings of the same examinee',
  (db, { organizationId, now, name, phone, bornOn }) =>
    selectBookings(db)
      .modify(
        onlyVisible,
        { role: 'referrer', organization: { id: organizationId, name: '' } },
        'b.organization_id',
      )
      .where({ 'b.status': 'active' })
      .where('b.starts_at', '>', now)
      .whereRaw(
        `fold_text(concat_ws(' ', nullif(b.examinee_first_name, ''), b.examinee_last_name)) = fold_text(?::text)`,
        [name],
      )
      .whereRaw('(b.examinee_phone = ?::text or b.examinee_date_of_birth = ?::date)', [
        phone,
        bornOn,
      ] as never)
      .orderByRaw('b.starts_at, b.id limit 5'),
);

export function createSameExaminee(deps: {
  db: Database;
  statements: Statements;
  clock: Clock;
}): SameExaminee {
  return {
    async find({ organization }, typed) {
      const examinee = examineeSchema.safeParse(typed.examinee);
      if (!organization || !examinee.success) return [];
      const { firstName, lastName, phone, dateOfBirth } = examinee.data;
      const rows = await sameExamineeQuery.rows(deps, {
        organizationId: organization.id,
        now: deps.clock.now(),
        name: [firstName, lastName].filter(Boolean).join(' '),
        phone,
        bornOn: dateOfBirth,
      });
      return rows.map(toBooking);
    },
  };
}
