// One action of the console for many records: what it is, and which there are.
import type { Actor } from '../accounts/index.ts';

/** By list and action of the console: who may do it, to one record as to many. */
export const bulkRights = {
  'bookings/assign': 'staff',
  'bookings/assign-organization': 'staff',
  'emails/send-again': 'staff',
  'webhook-events/replay': 'admin',
  'drift-items/close': 'admin',
} as const;
export type BulkKind = keyof typeof bulkRights;
export const bulkKinds = Object.keys(bulkRights) as BulkKind[];

export const bulkStates = ['prepared', 'running', 'stopped', 'done'] as const;
export type BulkState = (typeof bulkStates)[number];

/** A bulk action takes at most this many records, so that people can look through those that were skipped. */
export const mostAtOnce = 10_000;
/** How often a record is tried for which the database does not answer in time; then it is skipped. */
export const mostTries = 5;

/** A record as it was listed. */
export interface ListedRecord {
  id: string;
  /** Its version or state; a record that differs when its turn comes is skipped. */
  seen: string;
  /** Why it will be skipped; null: it will be done. */
  skipped: string | null;
}

/** What is chosen for all records. */
export interface BulkInput {
  referrerId?: string;
  organizationId?: string;
}

export interface BulkAction {
  id: string;
  kind: BulkKind;
  state: BulkState;
  madeBy: { id: string; name: string };
  /** Null in an action that was stopped because its maker lost the right to it, or because a backup was restored. */
  stoppedBy: { id: string; name: string } | null;
  input: BulkInput;
  /** More records matched than one bulk action takes. */
  isCut: boolean;
  createdAt: Date;
  endedAt: Date | null;
  /** Until when the action pauses because the database did not answer in time; null when it does not pause. */
  pausedUntil: Date | null;
  counts: Record<'waiting' | 'done' | 'skipped', number>;
  /** How many of those that wait were tried in vain, and are tried again. */
  triedAlready: number;
  /** Why records were or will be skipped, the most frequent first. */
  skipped: { reason: string; count: number; recordIds: string[] }[];
}

/** `done`, or why the record is skipped, as a sentence without its stop. */
export type Outcome = 'done' | { skipped: string };

/** The actions for one record, each in the transaction of its item. Each checks rights and the record's present state. */
export type BulkVerbs = Record<
  BulkKind,
  (actor: Actor, recordId: string, seen: string, input: BulkInput) => Promise<Outcome>
>;
