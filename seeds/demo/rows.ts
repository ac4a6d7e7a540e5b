// What the writers of the story share.
import type { KeyedDigests } from '../../src/lib/keyed-digests.ts';
import { personOf, type PersonKey } from './people.ts';

export interface StoryDeps {
  now: Date;
  digests: KeyedDigests;
  /** Begins to store the bytes of a document; the caller waits for all of them before the commit. */
  put: (key: string, bytes: Buffer) => void;
}

export interface Event {
  at: Date;
  actor: PersonKey | null;
  actingAs?: PersonKey | undefined;
  action: string;
  resource: readonly [type: 'booking' | 'document' | 'user', id: string];
  metadata: Record<string, unknown>;
}

/** What is inserted, by table. */
export interface Rows {
  bookings: Record<string, unknown>[];
  booking_progress: Record<string, unknown>[];
  documents: Record<string, unknown>[];
  emails: Record<string, unknown>[];
  booking_reminders: Record<string, unknown>[];
  booking_messages: Record<string, unknown>[];
  booking_message_reads: Record<string, unknown>[];
  staff_notes: Record<string, unknown>[];
  events: Event[];
}

export type Ids = ReadonlyMap<string, string>;

export interface Context {
  rows: Rows;
  deps: StoryDeps;
  idOf: (key: PersonKey) => string;
  organizations: Ids;
  specialistId: string;
}

export const minute = 60_000;
export const dayMs = 24 * 60 * minute;

export const emailOf = (key: PersonKey): string => personOf(key).email;

export function need(ids: Ids, key: string | undefined): string {
  const id = ids.get(key ?? '');
  if (id === undefined) throw new Error(`The demo lacks ${key}`);
  return id;
}
