// The HTTP servers of the other processes: the relay receives Acuity's events, also while the web is being deployed,
// and the worker answers health checks and metrics. No pages, no sessions.
import express, { type Express, type RequestHandler } from 'express';
import { healthEndpoints } from './api/health.api.ts';
import type { Services } from './app.ts';
import type { Endpoint } from './endpoint.ts';
import { answerMetrics, timeRequests } from './metrics.ts';
import { errors, unmatched } from './middleware/errors.ts';
import { noteForwarded, requestId, requestLog, trustedProxies } from './middleware/request.ts';
import { securityHeaders } from './middleware/security.ts';
import { paths } from './paths.ts';
import { webhookEndpoints } from './webhooks/acuity.webhook.ts';

type SmallServices = Pick<Services, 'config' | 'log' | 'meters' | 'readiness'>;

export function createRelayApp(services: SmallServices & Pick<Services, 'webhooks'>): Express {
  return createSmallApp(
    services,
    webhookEndpoints(services).filter(({ path }) => path === paths.relay()),
  );
}

export function createWorkerApp(services: SmallServices): Express {
  return createSmallApp(services, []);
}

function createSmallApp(services: SmallServices, offered: Endpoint[]): Express {
  const { config, log, meters } = services;
  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', trustedProxies(config));
  app.locals.baseUrl = config.BASE_URL;
  app.use(
    requestId,
    requestLog(log),
    noteForwarded(config, log),
    timeRequests(meters),
    securityHeaders({ isHttps: config.BASE_URL.startsWith('https:'), uploadOrigin: null }),
  );
  app.use(acceptJson);
  const metrics: Mounted = {
    method: 'get',
    path: paths.metrics(),
    handle: answerMetrics(meters, config),
  };
  for (const { method, path, handle } of [
    ...offered,
    ...healthEndpoints(() => services.readiness()),
    metrics,
  ] satisfies Mounted[]) {
    app[method](path, (req, res, next) => {
      res.locals.route = path;
      return handle(req, res, next);
    });
  }
  app.use(unmatched, errors(log));
  return app;
}

type Mounted = Pick<Endpoint, 'method' | 'path'> & { handle: RequestHandler };

/** Answers errors as JSON: these servers have no views. */
const acceptJson: RequestHandler = (req, _res, next) => {
  req.headers.accept = 'application/json';
  next();
};
