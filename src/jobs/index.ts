export { createJobHandlers, cron, type JobServices } from './handlers.ts';
export { runJobAgain } from './run-again.ts';
export { withSignOfLife } from './sign-of-life.ts';
export { createWorker, type JobWorker, type Worker, type WorkerDeps } from './worker.ts';
