// Times that are held for somebody: free in Acuity, but not for other people here (src/waiting).
import type { Slot } from './availability.ts';

export interface HeldTime {
  /** Milliseconds since 1970. */
  startsAt: number;
  endsAt: number;
}

export interface Holds {
  /** Times of this specialist that are held for anybody but this person. */
  forOthers(specialistId: string, personId: string | null): Promise<HeldTime[]>;
}

export const noHolds: Holds = { forOthers: () => Promise.resolve([]) };

export function withoutHeld(slots: Slot[], held: readonly HeldTime[]): Slot[] {
  return held.length === 0 ? slots : slots.filter((slot) => !isHeld(slot, held));
}

export function isHeld({ startsAt, durationMinutes }: Slot, held: readonly HeldTime[]): boolean {
  const from = startsAt.getTime();
  const to = from + durationMinutes * 60_000;
  return held.some((other) => other.startsAt < to && from < other.endsAt);
}
