export { createJobHandlers, cron, type JobServices, type RunnableJob } from './handlers.ts';
export { withSignOfLife } from './sign-of-life.ts';
export { createWorker, type JobWorker, type Worker, type WorkerDeps } from './worker.ts';
