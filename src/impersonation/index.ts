export {
  createImpersonation,
  type ImpersonationDeps,
  type ImpersonationService,
  type Started,
} from './impersonation.service.ts';
export {
  actRequest,
  endIdleActingJob,
  actingIdleMinutes,
  longestReason,
  type Episode,
  type EpisodeStep,
  type FoundReferrer,
  type StartFailure,
} from './impersonation.ts';
