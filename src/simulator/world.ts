import type { Store } from './state.ts';

export interface Switches {
  /** The 10/s and 20 at once of the real service. */
  limits: boolean;
  /** How long a cancelled slot stays taken, in milliseconds. */
  slotLagMs: number;
  /** The meeting link of a telehealth appointment: at once, after so many milliseconds, or never. */
  link: { mode: 'at_once' | 'late' | 'never'; afterMs: number };
  /** What the account's settings leave to clients; staff (`admin=true`) may always. */
  clientsMay: { cancel: boolean; reschedule: boolean };
  /** Whether the account's settings make clients give a phone number. */
  phoneRequired: boolean;
}

export const usualSwitches = (): Switches => ({
  limits: false,
  slotLagMs: 0,
  link: { mode: 'at_once', afterMs: 0 },
  clientsMay: { cancel: true, reschedule: true },
  phoneRequired: false,
});

/** Everything the parts of the simulator share. */
export interface World {
  store: Store;
  now: () => Date;
  switches: Switches;
  /** Something happened to an appointment; `specific` is scheduled, rescheduled, canceled, or null for an edit. */
  announce(appointmentId: number, specific: 'scheduled' | 'rescheduled' | 'canceled' | null): void;
}
