// Acting as a referrer: search as you type, then a page that asks for the reason.
import { createSealedSearch, wordsOfSearch, type SealedSearch } from '../../forms/sealed-search.ts';
import type { Request, Response } from 'express';
import {
  actRequest,
  longestReason,
  type FoundReferrer,
  type ImpersonationService,
} from '../../../impersonation/index.ts';
import { createActingOrigin, startActing, stopActing } from '../../acting.ts';
import { actorOf, viewerOf } from '../../actor.ts';
import type { PageRoute } from '../../endpoint.ts';
import { fieldErrors, rawField, typed } from '../../forms/fields.ts';
import { isUuid } from '../../../lib/uuid.ts';
import type { FieldError } from '../../../lib/result.ts';
import { paths } from '../../paths.ts';
import { notFound } from '../../problem.ts';
import { wantsFragment } from '../../respond.ts';
import type { PageServices } from '../page-services.ts';
import type { PageData } from '../../views.ts';
import { ago } from '../when.ts';

interface ReferrerRow {
  id: string;
  name: string;
  email: string;
  organization: string;
  lastActive: string;
}

export interface ActAsPage extends PageData {
  query: string;
  /** Search results; without a query the last ten acted as. */
  referrers: ReferrerRow[];
  isRecent: boolean;
}

export interface ConfirmActAsPage extends PageData {
  referrer: ReferrerRow;
  /** The id of the booking whose page the admin came from; empty otherwise. */
  values: { reason: string; booking: string };
  longestReason: number;
}

type Services = Pick<PageServices, 'impersonation' | 'clock'>;

export function actAsPages(services: Services & Pick<PageServices, 'config'>): PageRoute[] {
  const { impersonation, config } = services;
  const origin = createActingOrigin(config.BASE_URL);
  const sealed = createSealedSearch(config.BETTER_AUTH_SECRET);
  return [
    {
      method: 'get',
      path: '/admin/act-as',
      access: 'admin',
      handle: (req, res) => {
        origin.remember(req, res);
        return show(services, sealed, req, res);
      },
    },
    {
      method: 'post',
      path: '/admin/impersonate',
      access: 'admin',
      handle: (req, res) => start(services, req, res),
    },
    {
      method: 'post',
      path: '/admin/exit-impersonation',
      // When both sessions have ended, the admin signs in and continues in the console.
      access: 'anyone',
      async handle(req, res) {
        const viewer = viewerOf(res);
        const back = origin.take(req, res);
        if (!viewer) return res.redirect(303, paths.signIn(back));
        // Acting was stopped in another tab already.
        if (viewer.role === 'admin') return res.redirect(303, back);
        const isAdminBack = await stopActing(impersonation, req, res);
        res.redirect(303, isAdminBack ? back : paths.signIn(back));
      },
    },
  ];
}

async function show(
  { impersonation, clock }: Services,
  sealed: SealedSearch,
  req: Request,
  res: Response,
): Promise<void> {
  const { user, booking } = req.query;
  if (typeof user === 'string' && user !== '') {
    const values = { reason: '', booking: typeof booking === 'string' ? booking : '' };
    const referrer = rowOf(await referrerOf(impersonation, user), clock.now());
    return confirm(res, referrer, values, []);
  }
  const query = wordsOfSearch(sealed, req, res);
  if (query === null) return;
  const found =
    query === ''
      ? await impersonation.recent(actorOf(req, res).viewer.userId)
      : await impersonation.search(query);
  const page: ActAsPage = {
    title: 'Act as',
    query,
    referrers: found.map((one) => rowOf(one, clock.now())),
    isRecent: query === '',
  };
  res.render(wantsFragment(req) ? 'impersonation/_found' : 'impersonation/act-as', page);
}

async function start({ impersonation, clock }: Services, req: Request, res: Response): Promise<void> {
  const booking = typed(req.body, 'booking');
  const reason = actRequest.shape.reason.safeParse(rawField(req.body, 'reason'));
  if (!reason.success) {
    const referrer = rowOf(await referrerOf(impersonation, typed(req.body, 'userId')), clock.now());
    const errors = fieldErrors(reason.error).map(({ message }) => ({ path: 'reason', message }));
    return confirm(res.status(422), referrer, { reason: typed(req.body, 'reason'), booking }, errors);
  }
  await startActing(impersonation, req, res);
  if (typed(req.body, 'to') === 'booking') return res.redirect(303, paths.newBooking());
  res.redirect(303, isUuid(booking) ? paths.booking(booking) : paths.bookings());
}

function confirm(
  res: Response,
  referrer: ReferrerRow,
  values: ConfirmActAsPage['values'],
  errors: FieldError[],
): void {
  const page: ConfirmActAsPage = {
    title: `Act as ${referrer.name}`,
    errors,
    referrer,
    values,
    longestReason,
  };
  res.render('impersonation/confirm', page);
}

async function referrerOf(impersonation: ImpersonationService, id: string): Promise<FoundReferrer> {
  const referrer = await impersonation.find(id);
  if (!referrer) throw notFound('There is no active referrer of this id.');
  return referrer;
}

function rowOf({ id, name, email, organization, lastActiveAt }: FoundReferrer, now: Date): ReferrerRow {
  return {
    id,
    name,
    email,
    organization: organization.name,
    lastActive: lastActiveAt ? ago(lastActiveAt, now) : 'not yet',
  };
}
