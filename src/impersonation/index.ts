export {
  createImpersonation,
  type ImpersonationDeps,
  type ImpersonationService,
  type Started,
} from './impersonation.service.ts';
export {
  actRequest,
  endIdleActingJob,
  idleMinutes,
  longestHours,
  longestReason,
  type Episode,
  type EpisodeQuery,
  type EpisodeStep,
  type FoundReferrer,
  type StartFailure,
} from './impersonation.ts';
