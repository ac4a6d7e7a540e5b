import { z } from 'zod';
import type { JobDefinition } from '../ports/job-queue.ts';

/** Every 15 minutes: the weeks that matter. */
export const reconcileNearJob: JobDefinition<Record<string, never>> = {
  name: 'reconcile_near',
  payload: z.object({}),
};

/** Somebody asked for a run: it waits with its report for whoever takes it up. */
export const resumeReconciliationJob: JobDefinition<Record<string, never>> = {
  name: 'resume_reconciliation',
  payload: z.object({}),
};

/** Each night: everything that can still change. */
export const reconcileAllJob: JobDefinition<Record<string, never>> = {
  name: 'reconcile_all',
  payload: z.object({}),
};

/** Each night: removes what is no longer needed of the reports of a season ago. */
export const removeOldReportsJob: JobDefinition<Record<string, never>> = {
  name: 'remove_old_looks',
  payload: z.object({}),
};

export const checkSubscriptionsJob: JobDefinition<Record<string, never>> = {
  name: 'check_subscriptions',
  payload: z.object({}),
};
