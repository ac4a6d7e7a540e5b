import { z } from 'zod';
import type { JobDefinition } from '../ports/job-queue.ts';

/** Every 15 minutes: reconciles the near weeks. */
export const reconcileNearJob: JobDefinition<Record<string, never>> = {
  name: 'reconcile_near',
  payload: z.object({}),
};

/** Runs a reconciliation that somebody requested; its report is waiting. */
export const resumeReconciliationJob: JobDefinition<Record<string, never>> = {
  name: 'resume_reconciliation',
  payload: z.object({}),
};

/** Every night: reconciles everything that can still change. */
export const reconcileAllJob: JobDefinition<Record<string, never>> = {
  name: 'reconcile_all',
  payload: z.object({}),
};

/** Every night: removes reports that are about three months old and no longer needed. */
export const removeOldReportsJob: JobDefinition<Record<string, never>> = {
  name: 'remove_old_reports',
  formerNames: ['remove_old_looks'],
  payload: z.object({}),
};

export const checkSubscriptionsJob: JobDefinition<Record<string, never>> = {
  name: 'check_subscriptions',
  payload: z.object({}),
};
