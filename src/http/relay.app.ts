// The relay alone: takes Acuity's events and nothing else, so that they are kept while the rest is being replaced.
import express, { type Express, type RequestHandler } from 'express';
import { healthEndpoints } from './api/health.api.ts';
import type { Services } from './app.ts';
import { errors, unmatched } from './middleware/errors.ts';
import { requestId, requestLog } from './middleware/request.ts';
import { securityHeaders } from './middleware/security.ts';
import { paths } from './paths.ts';
import { webhookEndpoints } from './webhooks/acuity.webhook.ts';

export function createRelayApp(
  services: Pick<Services, 'config' | 'log' | 'webhooks' | 'readiness'>,
): Express {
  const { config, log } = services;
  const app = express();
  app.disable('x-powered-by');
  app.use(
    requestId,
    requestLog(log),
    securityHeaders({ isHttps: config.BASE_URL.startsWith('https:'), uploadOrigin: null }),
  );
  app.use(forPrograms);
  const offered = [...webhookEndpoints(services), ...healthEndpoints(() => services.readiness())];
  const wanted = new Set<string>([paths.automation(), paths.health(), paths.ready()]);
  for (const endpoint of offered.filter(({ path }) => wanted.has(path))) {
    app[endpoint.method](endpoint.path, (req, res) => {
      res.locals.route = endpoint.path;
      return endpoint.handle(req, res);
    });
  }
  app.use(unmatched, errors(log));
  return app;
}

/** There are no pages here, whoever asks. */
const forPrograms: RequestHandler = (req, _res, next) => {
  req.headers.accept = 'application/json';
  next();
};
