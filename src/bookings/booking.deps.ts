import type { AuditLog } from '../audit/index.ts';
import type { Database, Queryable } from '../db/knex.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import type { Announce } from './booking.announcement.ts';

export interface BookingDeps {
  db: Database;
  audit: AuditLog;
  clock: Clock;
  ids: Ids;
  announce: Announce;
  /** The attempt to move or cancel this booking that is under way: attempts look at bookings, never the other way. */
  findOpenChange: (db: Queryable, bookingId: string) => Promise<{ id: string } | null>;
}

export interface IntakeDeps {
  /** Overrides the row `reference` of intake_fields. */
  referenceFieldId?: number | undefined;
  /** The question of Acuity's form whose answer is the referrer's address; unset: the client's own. */
  referrerFieldId?: number | undefined;
}
