export {
  createImpersonation,
  type ImpersonationService,
  type Started,
} from './impersonation.service.ts';
export {
  actRequest,
  endIdleActingJob,
  idleMinutes,
  longestReason,
  type Episode,
  type EpisodeStep,
  type FoundReferrer,
  type StartFailure,
} from './impersonation.ts';
