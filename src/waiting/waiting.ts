// The wait-list: people who want an earlier time, and the times that are offered to them one after the other.
import type { ExaminationType } from '../specialists/index.ts';

/** How long an offered time is held for the person who was told of it. */
export const holdMinutes = 10;

interface Wanted {
  id: string;
  /** Null: before booking. */
  booking: { id: string; reference: string; examinee: string; startsAt: Date } | null;
  specialist: { id: string; name: string; specialty: string; timezone: string };
  type: ExaminationType;
}

export interface WaitEntry extends Wanted {
  person: { id: string; name: string };
  /** Only earlier times are offered; for an entry of a booking it is the booking's own time. */
  before: Date;
  notBefore: Date | null;
  createdAt: Date;
}

export const offerStates = [
  'checking',
  'open',
  'accepted',
  'declined',
  'lapsed',
  'taken',
  'withdrawn',
] as const;

export interface WaitOffer extends Wanted {
  entryId: string;
  personId: string;
  organizationId: string;
  startsAt: Date;
  durationMinutes: number;
  /** Open until `expiresAt`, by the database's clock. */
  state: (typeof offerStates)[number];
  expiresAt: Date;
}
