// /api/v1: routes, authentication, response envelopes, and the faults that tests inject.
import { setTimeout as sleep } from 'node:timers/promises';
import express, {
  Router,
  type ErrorRequestHandler,
  type Request,
  type RequestHandler,
  type Response,
} from 'express';
import { showAppointment } from './appointment-view.ts';
import {
  cancelAppointment,
  createAppointment,
  editAppointment,
  rescheduleAppointment,
} from './appointments.ts';
import { availableDates, availableTimes, checkTimes } from './availability.ts';
import { AcuityError, genericError, methodNotAllowed, notFound, refuse, unauthorized } from './errors.ts';
import type { Faults } from './faults.ts';
import { accountForms } from './intake-forms.ts';
import type { Limits } from './limits.ts';
import { isTrue, listAppointments } from './listing.ts';
import {
  addClient,
  changeClient,
  checkCertificate,
  createBlock,
  deleteBlock,
  findBlock,
  listBlocks,
  listClients,
  showBlock,
  showCalendars,
  showMe,
  showTypes,
  subscribe,
  unsubscribe,
} from './other-resources.ts';
import type { StoredAppointment } from './state.ts';
import type { Body } from './values.ts';
import type { Webhooks } from './webhooks.ts';
import type { World } from './world.ts';

export interface Call {
  at: string;
  method: string;
  path: string;
  query: Record<string, unknown>;
  status: number | null;
}

export interface ApiParts {
  world: World;
  webhooks: Webhooks;
  faults: Faults;
  limits: Limits;
  calls: Call[];
  credentials: { userId: string; apiKey: string };
}

type Answer = (req: Request) => unknown;

/** No content: how DELETE of blocks, clients and webhooks answers. */
const noContent = Symbol('204');

export function apiRouter(parts: ApiParts): Router {
  const { world } = parts;
  const router = Router();
  router.use(recordCall(parts), injectFaults(parts));
  router.get('/meta', (_req, res) => void res.json({ hooks: ['127.0.0.1/32'] }));
  router.use(authenticate(parts.credentials), limit(parts));
  // The real API also accepts a raw JSON string without a JSON content type (section 1).
  router.use(express.text({ type: () => true, limit: '1mb' }));

  const routes: [string, Partial<Record<'get' | 'post' | 'put' | 'delete', Answer>>][] = [
    [
      '/appointments',
      {
        get: (req) => {
          const excludeForms = isTrue(req.query.excludeForms);
          return listAppointments(world, req.query).map((one) =>
            showAppointment(world, one, { excludeForms }),
          );
        },
        post: (req) => showAppointment(world, createAppointment(world, jsonObject(req), modeOf(req))),
      },
    ],
    [
      '/appointments/:id',
      {
        get: (req) => showAppointment(world, findAppointment(world, req)),
        put: (req) =>
          showAppointment(
            world,
            editAppointment(world, findAppointment(world, req), jsonObject(req), modeOf(req)),
          ),
      },
    ],
    [
      '/appointments/:id/cancel',
      {
        put: (req) =>
          showAppointment(
            world,
            cancelAppointment(world, findAppointment(world, req), optionalObject(req), modeOf(req)),
          ),
      },
    ],
    [
      '/appointments/:id/reschedule',
      {
        put: (req) =>
          showAppointment(
            world,
            rescheduleAppointment(world, findAppointment(world, req), jsonObject(req), modeOf(req)),
          ),
      },
    ],
    ['/availability/dates', { get: (req) => availableDates(world, req.query) }],
    ['/availability/times', { get: (req) => availableTimes(world, req.query) }],
    ['/availability/classes', { get: () => [] }],
    ['/availability/check-times', { post: (req) => checkTimes(world, jsonBody(req)) }],
    ['/appointment-types', { get: () => showTypes() }],
    ['/appointment-addons', { get: () => [] }],
    ['/calendars', { get: () => showCalendars() }],
    ['/forms', { get: () => accountForms(world) }],
    ['/certificates', { get: () => [] }],
    ['/certificates/check', { get: (req) => checkCertificate(req.query) }],
    ['/labels', { get: () => [] }],
    ['/me', { get: () => showMe() }],
    [
      '/blocks',
      {
        get: (req) => listBlocks(world, req.query).map(showBlock),
        post: (req) => showBlock(createBlock(world, jsonObject(req))),
      },
    ],
    [
      '/blocks/:id',
      {
        get: (req) => showBlock(findBlock(world, idOf(req))),
        delete: (req) => {
          deleteBlock(world, idOf(req));
          return noContent;
        },
      },
    ],
    [
      '/clients',
      {
        get: (req) => listClients(world, req.query),
        post: (req) => addClient(world, jsonObject(req)),
        put: (req) => changeClient(world, req.query, jsonObject(req)),
        delete: (req) => changeClient(world, req.query, null) ?? noContent,
      },
    ],
    [
      '/webhooks',
      {
        get: () => world.store.state.subscriptions.map(({ failingSince: _since, ...shown }) => shown),
        post: (req) => {
          const { failingSince: _since, ...shown } = subscribe(world, jsonObject(req));
          return shown;
        },
      },
    ],
    [
      '/webhooks/:id',
      {
        delete: (req) => {
          unsubscribe(world, idOf(req));
          return noContent;
        },
      },
    ],
  ];

  for (const [path, answers] of routes) {
    const route = router.route(path);
    for (const [method, answer] of Object.entries(answers)) {
      route[method as 'get' | 'post' | 'put' | 'delete']((req, res) => reply(parts, req, res, answer));
    }
    route.all(() => {
      throw methodNotAllowed();
    });
  }
  router.use(() => {
    throw notFound('/appointments/{id:number}');
  });
  router.use(envelope);
  return router;
}

async function reply({ webhooks }: ApiParts, req: Request, res: Response, answer: Answer): Promise<void> {
  const body = answer(req);
  // With `early`, the event is delivered before the reply to the call that caused it.
  if (webhooks.misbehaviour.early) await webhooks.settled();
  if (isReplyLost(res)) res.destroy();
  else if (body === noContent) res.status(204).end();
  else res.json(body);
}

function isReplyLost({ locals }: Response): boolean {
  return (locals as { effect?: { drop?: string } }).effect?.drop === 'after';
}

const recordCall =
  ({ calls, world }: ApiParts): RequestHandler =>
  (req, res, next) => {
    const call: Call = {
      at: world.now().toISOString(),
      method: req.method,
      path: req.path,
      query: { ...req.query },
      status: null,
    };
    calls.push(call);
    // Uses the simulator's clock, which tests can set.
    res.set('Date', world.now().toUTCString());
    res.on('finish', () => {
      call.status = res.statusCode;
    });
    next();
  };

const injectFaults =
  ({ faults }: ApiParts): RequestHandler =>
  async (req, res, next) => {
    const effect = faults.effectFor(req.method, req.path);
    if (!effect) return next();
    if (effect.delayMs) await sleep(effect.delayMs);
    if (effect.drop === 'before') return void res.destroy();
    if (effect.status !== undefined || effect.body !== undefined) {
      res.status(effect.status ?? 200);
      if (typeof effect.body === 'string') res.type('html').send(effect.body);
      else res.json(effect.body ?? genericError(effect.status ?? 200).envelope());
      return;
    }
    res.locals.effect = effect;
    next();
  };

function authenticate({ userId, apiKey }: ApiParts['credentials']): RequestHandler {
  const expected = `Basic ${Buffer.from(`${userId}:${apiKey}`).toString('base64')}`;
  return (req, _res, next) => {
    if (req.get('authorization') !== expected) throw unauthorized();
    next();
  };
}

const limit =
  ({ limits, world }: ApiParts): RequestHandler =>
  (_req, res, next) => {
    if (!world.switches.limits) return next();
    const leave = limits.enter();
    res.on('close', leave);
    next();
  };

const envelope: ErrorRequestHandler = (error: unknown, _req, res, _next) => {
  // `drop: 'after'` drops refusals too, not only successes.
  if (isReplyLost(res)) {
    res.destroy();
    return;
  }
  const known = error instanceof AcuityError ? error : genericError(httpStatusOf(error));
  res.status(known.status).json(known.envelope());
};

/** What Express itself refuses (a body too large, a path that cannot be decoded) is a client error. */
function httpStatusOf(error: unknown): number {
  const status = (error as { status?: unknown } | null)?.status;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : 500;
}

function findAppointment({ store }: World, req: Request): StoredAppointment {
  const found = store.state.appointments.find(({ id }) => id === idOf(req));
  if (!found) throw notFound();
  return found;
}

function idOf(req: Request): number {
  const { id } = req.params;
  if (typeof id !== 'string' || !/^\d+$/.test(id)) throw notFound('/appointments/{id:number}');
  return Number(id);
}

/** Read from the query only (section 13.6). */
const modeOf = (req: Request): { admin: boolean } => ({ admin: isTrue(req.query.admin) });

function jsonBody(req: Request): unknown {
  try {
    return JSON.parse(typeof req.body === 'string' ? req.body : '');
  } catch {
    throw refuse('bad_request', 'Expected a JSON object.');
  }
}

function jsonObject(req: Request): Body {
  const body = jsonBody(req);
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw refuse('bad_request', 'Expected a JSON object.');
  return body as Body;
}

/** No body, `{}` and the PHP client's `[]` all mean "no options" (section 6.5). */
function optionalObject(req: Request): Body {
  if (typeof req.body !== 'string' || req.body.trim() === '') return {};
  const body = jsonBody(req);
  return typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as Body) : {};
}
