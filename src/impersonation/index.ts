export { endQuietActingJob } from './impersonation.jobs.ts';
export {
  createImpersonation,
  type ImpersonationDeps,
  type ImpersonationService,
  type Started,
} from './impersonation.service.ts';
export { idleMinutes, longestHours } from './impersonation.ts';
export type { Episode, EpisodeQuery, EpisodeStep, FoundReferrer, StartFailure } from './impersonation.ts';
