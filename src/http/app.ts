// The web app: middleware in order, then every route.
import express, { Router, type Express, type RequestHandler } from 'express';
import type { Logger } from 'pino';
import { createCookieRenewal, type Accounts } from '../accounts/index.ts';
import type { AuditLog } from '../audit/index.ts';
import type { CalendarFeeds } from '../bookings/index.ts';
import type { WebhookService } from '../webhooks/index.ts';
import type { Config } from '../config.ts';
import type { Database } from '../db/knex.ts';
import type { Readiness } from '../doctor/index.ts';
import type { Meters } from '../metrics/index.ts';
import type { MailPreferences } from '../email/index.ts';
import { actingEndpoints } from './api/acting.api.ts';
import { bookingEndpoints, type BookingApiServices } from './api/bookings.api.ts';
import { doctorEndpoints, type DoctorApiServices } from './api/doctor.api.ts';
import { documentEndpoints, type DocumentApiServices } from './api/documents.api.ts';
import { healthEndpoints } from './api/health.api.ts';
import { mailEndpoints } from './api/mail.api.ts';
import { impersonationEndpoints } from './api/impersonation.api.ts';
import { sessionEndpoints } from './api/session.api.ts';
import { messageEndpoints, type MessageApiServices } from './api/messages.api.ts';
import { uploadEndpoints } from './api/uploads.api.ts';
import { waitListEndpoints, type WaitListApiServices } from './api/wait-list.api.ts';
import { specialistsEndpoints, type SpecialistsApiServices } from './api/specialists.api.ts';
import { createAssets, type Assets } from './assets.ts';
import type { Endpoint, PageRoute } from './endpoint.ts';
import { access } from './middleware/access.ts';
import { acting, recordPageView } from './middleware/acting.ts';
import { readBody } from './middleware/body.ts';
import { compression } from './middleware/compression.ts';
import { errors, unmatched } from './middleware/errors.ts';
import { keptForms } from './middleware/kept-forms.ts';
import { noteForwarded, requestId, requestLog, trustedProxies } from './middleware/request.ts';
import { privateAnswers, sameSite, securityHeaders } from './middleware/security.ts';
import { renewCookies, session } from './middleware/session.ts';
import { closeUnread } from './middleware/unread.ts';
import { answerMetrics, timeRequests } from './metrics.ts';
import { consoleRouter } from './console/console.router.ts';
import type { ConsoleServices } from './console/console.services.ts';
import { inOrder } from './in-order.ts';
import { openApiDocument } from './openapi.ts';
import { accountPages } from './pages/account/index.ts';
import { accessCheckPages } from './pages/admin/access-check.page.ts';
import { pages } from './pages/index.ts';
import type { PageServices } from './pages/page-services.ts';
import { secondStepPages } from './pages/account/second-step.page.ts';
import { signInPages } from './pages/account/sign-in.page.ts';
import { signOutPages } from './pages/account/sign-out.page.ts';
import { paths } from './paths.ts';
import { wantsJson } from './respond.ts';
import { routeFinder } from './route-finder.ts';
import { segmentRouters } from './segment-routers.ts';
import { installSendText } from './send-text.ts';
import { webhookEndpoints } from './webhooks/acuity.webhook.ts';
import { currentPath, installViews } from './views.ts';

export interface Services
  extends PageServices,
    SpecialistsApiServices,
    BookingApiServices,
    MessageApiServices,
    WaitListApiServices,
    DocumentApiServices,
    DoctorApiServices,
    ConsoleServices {
  config: Config;
  db: Database;
  log: Logger;
  accounts: Accounts;
  audit: AuditLog;
  mailPreferences: MailPreferences;
  calendarFeeds: CalendarFeeds;
  webhooks: WebhookService;
  meters: Meters;
  readiness(): Promise<Readiness>;
}

export function createApp(services: Services): Express {
  const { config, log } = services;
  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', trustedProxies(config));
  app.set('query parser', 'simple');

  app.locals.baseUrl = config.BASE_URL;
  const cache = config.NODE_ENV !== 'development';
  const assets = createAssets({ cache });
  installSendText(app);
  installViews(app, { cache, assets });
  const table = routeTable(services);
  app.use(
    inOrder(
      requestId,
      requestLog(log),
      noteForwarded(config, log),
      timeRequests(services.meters),
      closeUnread(),
      securityHeaders({
        isHttps: config.BASE_URL.startsWith('https:'),
        uploadOrigin: services.documents.direct.origin,
      }),
      openToAll(assets, answerMetrics(services.meters, config)),
      currentPath,
      compression,
      privateAnswers,
      sameSite(config.BASE_URL),
      ...readBody,
      renewCookies(createCookieRenewal(config.BETTER_AUTH_SECRET, config.BASE_URL)),
      session(services.accounts),
      keptForms(services.accounts.keptForms),
      acting(services),
      routes(services, table),
    ),
    consoleRouter(services, assets),
    unmatched,
    errors(log, routeFinder([...table.forPeople, ...table.forPrograms])),
  );
  return app;
}

export function endpoints(services: Services): Endpoint[] {
  return [
    ...sessionEndpoints(services.accounts),
    ...mailEndpoints(services.mailPreferences),
    ...specialistsEndpoints(services),
    ...bookingEndpoints(services),
    ...messageEndpoints(services),
    ...waitListEndpoints(services),
    ...documentEndpoints(services),
    ...uploadEndpoints(services),
    ...impersonationEndpoints(services),
    ...actingEndpoints(),
    ...webhookEndpoints(services),
    ...doctorEndpoints(services),
    ...healthEndpoints(() => services.readiness()),
  ];
}

interface RouteTable {
  forPeople: PageRoute[];
  forPrograms: Endpoint[];
}

function routeTable(services: Services): RouteTable {
  const forPeople: PageRoute[] = [
    ...signInPages(services.accounts),
    ...secondStepPages(services.accounts),
    ...signOutPages(services.accounts),
    ...accountPages(services.accounts, services.mailPreferences, services),
    ...pages(services),
    ...accessCheckPages(services, () => [...forPeople, ...forPrograms]),
  ];
  const forPrograms = endpoints(services);
  return { forPeople, forPrograms };
}

function routes(services: Services, { forPeople, forPrograms }: RouteTable): RequestHandler {
  const routers = segmentRouters();
  // Pages first: the endpoints would read `/bookings/new` as a booking's id.
  const ofPrograms = new Set(forPrograms.map(key));
  const pagePaths = new Set(forPeople.filter(({ method }) => method === 'get').map((page) => page.path));
  for (const page of forPeople) {
    const isEndpointToo = ofPrograms.has(key(page));
    mount(
      routers.of(page.path),
      page,
      access(page.access, services, { isPage: pagePaths.has(page.path) }),
      services,
      (req) => !isEndpointToo || !wantsJson(req),
    );
  }
  for (const endpoint of forPrograms)
    mount(routers.of(endpoint.path), endpoint, access(endpoint.access, services), services, () => true);
  // Built on the first request: it takes as long as the rest of the app's start.
  let document: Record<string, unknown> | undefined;
  routers.of(paths.openapi()).get(paths.openapi(), named(paths.openapi()), (_req, res) => {
    document ??= openApiDocument(forPrograms, services.config.BASE_URL);
    res.json(document);
  });
  return routers.handle;
}

function mount(
  router: Router,
  route: PageRoute,
  allowed: RequestHandler,
  services: Services,
  isFor: (req: express.Request) => boolean,
): void {
  const matches: RequestHandler = (req, res, next) => {
    if (!isFor(req)) return next('route');
    res.locals.route = route.path;
    next();
  };
  const seen = recordPageView(services.impersonation, route);
  const answer: RequestHandler = (req, res) => route.handle(req, res);
  router[route.method](route.path, matches, inOrder(allowed, seen, answer));
}

/** Sets the route's name for logs and metrics. */
function named(route: string): RequestHandler {
  return (_req, res, next) => {
    res.locals.route = route;
    next();
  };
}

function key({ method, path: pattern }: PageRoute): string {
  return `${method} ${pattern.replace(/:\w+/g, ':')}`;
}

/** Answers metrics, and everything below the folders of the assets, without a session; no other request looks for a file. */
function openToAll({ folders, send }: Assets, metrics: RequestHandler): RequestHandler {
  const routers = segmentRouters();
  routers.of(paths.metrics()).get(paths.metrics(), named(paths.metrics()), metrics);
  for (const folder of folders) routers.of(`/${folder}`).use(send, privateAnswers, unmatched);
  return routers.handle;
}
