import type { Store } from './state.ts';

export interface Switches {
  /** Whether the real service's limits apply: 10 requests a second, 20 at once. */
  limits: boolean;
  /** How long a cancelled slot stays taken, in milliseconds. */
  slotLagMs: number;
  /** When the meeting link of a telehealth appointment appears: at once, after `afterMs`, or never. */
  link: { mode: 'at_once' | 'late' | 'never'; afterMs: number };
  /** What the account's settings allow clients; staff (`admin=true`) may always. */
  clientsMay: { cancel: boolean; reschedule: boolean };
  /** Whether the account's settings require clients to give a phone number. */
  phoneRequired: boolean;
}

export const defaultSwitches = (): Switches => ({
  limits: false,
  slotLagMs: 0,
  link: { mode: 'at_once', afterMs: 0 },
  clientsMay: { cancel: true, reschedule: true },
  phoneRequired: false,
});

/** What all parts of the simulator share. */
export interface World {
  store: Store;
  now: () => Date;
  switches: Switches;
  /** Sends the webhooks of a change; `specific` is null for an edit. */
  announce(appointmentId: number, specific: 'scheduled' | 'rescheduled' | 'canceled' | null): void;
}
