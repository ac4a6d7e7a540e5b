export { createJobHandlers, cron, type JobServices, type RunnableJob } from './handlers.ts';
export { createWorker, type Worker, type WorkerDeps } from './worker.ts';
