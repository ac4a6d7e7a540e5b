// An admin acting as a referrer. Not "logged in as": every record that is made meanwhile names both.
import { z } from 'zod';
import { idleMinutes } from '../accounts/index.ts';
import type { AuditAction, AuditOutcome } from '../audit/index.ts';
import { typedProse } from '../lib/typed-input.ts';
import type { JobDefinition } from '../ports/job-queue.ts';

export interface Episode {
  id: string;
  admin: { id: string; name: string };
  actingAs: { id: string; name: string; email: string };
  reason: string;
  startedAt: Date;
  endedAt: Date | null;
  endReason: 'exit' | 'idle' | 'expired' | 'session_ended' | null;
}

export interface EpisodeQuery {
  /** Part of the name or address of either person; empty for all. */
  query: string;
  /** From 1. */
  page: number;
}

/** A page view or a change. */
export interface EpisodeStep {
  at: Date;
  action: AuditAction | 'page.seen';
  resourceType: string;
  resourceId: string | null;
  outcome: AuditOutcome;
  /** Its display name; null when it has none. */
  subject: string | null;
  /** Requested in the episode, settled after its end. */
  isLate: boolean;
}

export interface FoundReferrer {
  id: string;
  name: string;
  email: string;
  organization: { id: string; name: string };
  lastActiveAt: Date | null;
}

export type StartFailure =
  /** Unknown, staff, deactivated or without an organisation: one answer for all. */
  | { reason: 'not_a_referrer' }
  | { reason: 'oneself' }
  | { reason: 'acting_already' }
  /** The admin's own session ended meanwhile. */
  | { reason: 'session_ended' };

/** Without activity an episode ends after this time, as sessions of staff do. */
export const actingIdleMinutes = idleMinutes.staff;
/** An episode never lasts longer. */
export const longestHours = 4;

export const longestReason = 200;

/** The request in JSON and the form. */
export const actRequest = z.object({
  userId: z.uuid('Name a referrer by id'),
  // Tidied before it is counted: browsers count a line break as one character and send two.
  reason: typedProse('Enter a reason')
    .min(3, 'Enter a reason of at least 3 characters')
    .max(longestReason, `Enter a reason of at most ${longestReason} characters`),
});

/** Each minute: when the browser is closed, no request finds the episode idle. */
export const endIdleActingJob: JobDefinition<Record<string, never>> = {
  name: 'end_quiet_acting',
  payload: z.object({}),
};
