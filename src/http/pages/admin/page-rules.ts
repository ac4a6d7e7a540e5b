// The access rules of a URL: which route answers it, who may use the route, and the rules of the record in it.
import { Router, type Request, type Response } from 'express';
import {
  attemptRules,
  bookingPageRules,
  documentRules,
  draftRules,
  type Rules,
  type Step,
  type Target,
} from '../../../access/index.ts';
import { askRules } from '../../../accounts/index.ts';
import { mayDoInBulk } from '../../../bulk/index.ts';
import type { CalendarFeeds } from '../../../bookings/index.ts';
import type { MailPreferences } from '../../../email/index.ts';
import type { Config } from '../../../config.ts';
import type { Database } from '../../../db/knex.ts';
import { isAsset } from '../../assets.ts';
import type { PageRoute } from '../../endpoint.ts';
import { routeRule } from '../../middleware/access.ts';
import { isOpenBeforeSetUp } from '../../middleware/session.ts';
import { areMetricsClosed } from '../../metrics.ts';
import { paths } from '../../paths.ts';
import type { PageServices } from '../page-services.ts';
import { consoleAddresses, consoleRules } from './console-rules.ts';

export type PageRuleServices = Pick<
  PageServices,
  'drafts' | 'specialists' | 'accounts' | 'impersonation' | 'bulkActions'
> & {
  db: Database;
  mailPreferences: Pick<MailPreferences, 'stoppedBy'>;
  calendarFeeds: Pick<CalendarFeeds, 'holds'>;
  config: Pick<Config, 'METRICS_TOKEN' | 'NODE_ENV'>;
};

type Params = Record<string, string | undefined>;
type Named = (params: Params, pathname: string) => Target;

/** @param routes every route of the app, with its rule */
export function createPageRules(
  services: PageRuleServices,
  routes: readonly PageRoute[],
): (pathname: string) => Promise<Target> {
  const router = Router();
  const at = (pattern: string, named: Named) =>
    router.get(pattern, (req, _res, next) => next(new Found(named, req.params as Params)));
  at(paths.metrics(), () => metricsTarget(services.config));
  at(paths.doctorProbe(), () => probeTarget);
  for (const route of routes)
    if (route.method === 'get')
      at(route.path, (params, pathname) => routeTarget(services, route, params, pathname));
  at(paths.openapi(), () => forEverything(paths.openapi()));
  for (const { path: pattern, asked } of consoleAddresses)
    at(pattern, (params) => ({
      for: 'people',
      rules: (viewer) => chain([pageAt(pattern)], consoleRules(services.db, asked, params)(viewer)),
    }));
  return async (pathname) => {
    const found = await matchRoute(router, pathname);
    if (found) return found.named(found.params, pathname);
    return isAsset(pathname) ? forEverything('a file of the app') : nothingAt(pathname);
  };
}

class Found {
  readonly named: Named;
  readonly params: Params;
  constructor(named: Named, params: Params) {
    this.named = named;
    this.params = params;
  }
}

/** Uses Express's router, so that a URL matches here exactly when it does there: capitals, trailing slashes. */
function matchRoute(router: Router, pathname: string): Promise<Found | null> {
  return new Promise((resolve) => {
    const req = { method: 'GET', url: pathname } as Request;
    router(req, {} as Response, (outcome: unknown) => resolve(outcome instanceof Found ? outcome : null));
  });
}

function routeTarget(
  services: PageRuleServices,
  { path: pattern, access }: PageRoute,
  params: Params,
  pathname: string,
): Target {
  const ofRecord = recordRules(services, pattern, params);
  if (access === 'anyone') {
    const open = () => chain([pageAt(pattern), forAnyone], link(services, pattern, params));
    return { for: isOpenBeforeSetUp(pathname) ? 'everything' : 'anyone', rules: open };
  }
  const rules: Rules = (viewer) =>
    chain([pageAt(pattern), ...askRules([routeRule(access)], viewer, null)], ofRecord?.(viewer));
  return { for: isOpenBeforeSetUp(pathname) ? 'people_setting_up' : 'people', rules };
}

const forAnyone: Step = { rule: 'The page is for anyone', holds: true, finding: 'It needs no account' };

/** The rules of the record in the URL; null without one. A test compares every route with this. */
function recordRules(
  { db, drafts, specialists, accounts, impersonation, bulkActions }: PageRuleServices,
  pattern: string,
  { id = '', attemptId, draftId = '' }: Params,
): Rules | null {
  if (pattern.startsWith('/bookings/new/:draftId')) return draftRules(drafts, draftId);
  if (pattern.startsWith('/bookings/attempts/:')) return attemptRules(db, attemptId ?? id);
  if (pattern.startsWith('/bookings/:id')) return bookingPageRules(db, id);
  if (pattern === '/documents/:id/receipt') return documentRules(db, id, 'see');
  if (pattern === '/documents/:id/category') return documentRules(db, id, 'changeCategory');
  if (pattern === '/documents/:id/delete') return documentRules(db, id, 'delete');
  if (pattern === '/documents/:id/release' || pattern === '/documents/:id/recall')
    return documentRules(db, id, 'release');
  if (pattern.startsWith('/documents/:id')) return documentRules(db, id, 'open');
  if (pattern.startsWith('/specialists/:id'))
    return () => record('The specialist exists, and can be booked', isBookable(specialists, id));
  if (pattern.startsWith('/admin/bulk/:id')) return bulkRules(bulkActions, id);
  if (pattern.startsWith('/account/people/:id'))
    return () => record('There is such a person', accounts.people.find(id));
  if (pattern.startsWith('/admin/episodes/:id'))
    return () => record('There was such an episode', existing(impersonation.hasEpisode(id)));
  return null;
}

function bulkRules(bulkActions: PageRuleServices['bulkActions'], id: string): Rules {
  return async function* (viewer) {
    const action = await bulkActions.find(id);
    yield { rule: 'There is such a bulk action', holds: action !== null, finding: action?.kind ?? 'No' };
    if (action)
      yield {
        rule: 'The viewer may do this action for one record, too',
        holds: mayDoInBulk({ viewer }, action.kind),
        finding: `${viewer.name} is ${viewer.role}`,
      };
  };
}

async function existing(isThere: Promise<boolean>): Promise<true | null> {
  return (await isThere) || null;
}

async function isBookable(specialists: PageRuleServices['specialists'], id: string): Promise<boolean | null> {
  return (await specialists.findById(id))?.isActive || null;
}

/** The rule of a link in an e-mail. */
function link(
  { accounts, mailPreferences, calendarFeeds }: PageRuleServices,
  pattern: string,
  { token = '' }: Params,
): AsyncIterable<Step> | undefined {
  const finders: Record<string, (token: string) => Promise<unknown>> = {
    [paths.accountInvitation(':token')]: (secret) => accounts.invitations.find(secret),
    [paths.accountPasswordReset(':token')]: (secret) => accounts.passwords.find(secret),
    [paths.accountEmailProof(':token')]: (secret) => accounts.emailChange.find(secret),
    [paths.accountMailStop(':token')]: (secret) => mailPreferences.stoppedBy(secret),
    [paths.calendarFeed(':token')]: (secret) => calendarFeeds.holds(secret),
  };
  const find = finders[pattern];
  return find && record('The link is one that we sent, and still works', find(token));
}

async function* record(rule: string, found: Promise<unknown>): AsyncGenerator<Step> {
  const holds = (await found) !== null;
  yield { rule, holds, finding: holds ? 'It is there' : 'Nothing is found under what the address says' };
}

function metricsTarget(config: PageRuleServices['config']): Target {
  if (areMetricsClosed(config)) return nothingAt(paths.metrics());
  const isOpen = config.METRICS_TOKEN === undefined;
  const finding = isOpen ? 'None is set' : 'A browser brings none';
  const rule = 'Whoever reads the metrics brings their token, when one is set';
  return { for: 'everything', rules: () => each(pageAt(paths.metrics()), { rule, holds: isOpen, finding }) };
}

const probeTarget: Target = {
  for: 'anyone',
  rules: () =>
    each(pageAt(paths.doctorProbe()), {
      rule: 'The request carries a token of the system check',
      holds: false,
      finding: 'A browser sends none',
    }),
};

const forEverything = (what: string): Target => ({
  for: 'everything',
  rules: () => each(pageAt(what), forAnyone),
});

const pageAt = (pattern: string): Step => ({
  rule: 'There is a page at this address',
  holds: true,
  finding: `It is ${pattern}`,
});

const nothingAt = (pathname: string): Target => ({
  for: 'everything',
  rules: () =>
    each({
      rule: 'There is a page at this address',
      holds: false,
      finding: `Nothing answers at ${pathname}`,
    }),
});

async function* each(...steps: Step[]): AsyncGenerator<Step> {
  yield* steps;
}

async function* chain(first: Step[], rest: AsyncIterable<Step> | undefined): AsyncGenerator<Step> {
  yield* first;
  if (rest) yield* rest;
}
