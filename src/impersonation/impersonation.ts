// An admin acting as a referrer. Not "logged in as": every record that is made meanwhile names both.
import { z } from 'zod';
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
  /** A part of the name or address of either; empty for all. */
  query: string;
  /** From 1. */
  page: number;
}

/** What was seen or changed in an episode, from the audit log. */
export interface EpisodeStep {
  at: Date;
  action: string;
  resourceType: string;
  resourceId: string | null;
  outcome: string;
  /** What people call it; null when it is nothing that has a name. */
  subject: string | null;
  /** Settled after the episode had ended; begun in it. */
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
  /** Unknown, staff, deactivated or without an organisation: the four look the same. */
  | { reason: 'not_a_referrer' }
  | { reason: 'oneself' }
  | { reason: 'acting_already' }
  /** The admin's own, at this very moment. */
  | { reason: 'session_ended' };

/** Of quiet, as for all staff; then it ends by itself. */
export { idleMinutes } from '../accounts/index.ts';
/** At the most, whatever is done. */
export const longestHours = 4;

export const longestReason = 200;

/** The JSON request and the form. */
export const actRequest = z.object({
  userId: z.uuid('Name a referrer by id'),
  reason: z
    .string('Enter a reason')
    // A browser sends each line break of the form as two characters and counts it as one.
    .overwrite((text) => text.replaceAll('\r\n', '\n'))
    .trim()
    .min(3, 'Enter a reason of at least 3 characters')
    .max(longestReason, `Enter a reason of at most ${longestReason} characters`),
});

/** Each minute: an admin who closed the browser sends no request that would find the end. */
export const endIdleActingJob: JobDefinition<Record<string, never>> = {
  name: 'end_quiet_acting',
  payload: z.object({}),
};
