import type { AuditLog } from '../audit/index.ts';
import type { Database, Queryable } from '../db/knex.ts';
import type { Statements } from '../db/statements.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import type { Announce } from './booking.announcement.ts';
import type { IntakeSettings } from '../questions/index.ts';

export interface BookingDeps {
  db: Database;
  statements: Statements;
  audit: AuditLog;
  clock: Clock;
  ids: Ids;
  announce: Announce;
  /** Finds the open attempt to move or cancel this booking. A function, because bookings do not import attempts. */
  findOpenChange: (db: Queryable, bookingId: string) => Promise<{ id: string } | null>;
}

export interface IntakeDeps extends IntakeSettings {
  /** The question in Acuity's form that holds the referrer's address; unset: the client's own address. */
  referrerFieldId?: number | undefined;
}
