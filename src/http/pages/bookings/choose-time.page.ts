import type { Request, Response } from 'express';
import { startsAtSchema } from '../../../bookings/index.ts';
import { dayIn } from '../../../lib/dates.ts';
import type { FieldError } from '../../../lib/result.ts';
import type { PageRoute } from '../../endpoint.ts';
import { rawField, readerZoneOf, typed } from '../../forms/fields.ts';
import { paths } from '../../paths.ts';
import { keptFormOf } from '../../middleware/kept-forms.ts';
import { wantsFragment } from '../../respond.ts';
import type { PageServices } from '../page-services.ts';
import { typeWords } from '../../view-helpers.ts';
import { withQuery } from '../links.ts';
import { answerPicker, buildPicker, dayOf, pickerQuery, type Picker } from '../time-picker.ts';
import { timeAndDay } from '../when.ts';
import {
  choiceOf,
  firstMissing,
  openDraft,
  stepPath,
  stepsAt,
  type Choice,
  type JourneyPage,
  type OpenDraft,
} from './journey.ts';

export interface ChooseTimePage extends JourneyPage {
  draftId: string;
  choice: Choice;
  picker: Picker;
  /** Why the page shows something else than the one that the person had open. */
  problem: { title: string; text: string } | null;
  waitListHref: string;
}

type Needs = Pick<PageServices, 'specialists' | 'availability' | 'drafts' | 'clock' | 'ids'>;
type DraftRequest = Request<{ draftId: string }>;

export function chooseTimePages(services: Needs): PageRoute[] {
  const path = '/bookings/new/:draftId/time';
  return [
    {
      method: 'get',
      path,
      access: 'referrer',
      handle: (req, res) => showTimes(services, req as DraftRequest, res),
    },
    {
      method: 'post',
      path,
      access: 'referrer',
      handle: (req, res) => chooseTime(services, req as DraftRequest, res),
    },
  ];
}

async function showTimes(services: Needs, req: DraftRequest, res: Response): Promise<void> {
  const query = pickerQuery(req.query, keptFormOf(res, paths.draftTime(req.params.draftId)));
  const draft = await openDraft(services, req, res, 'time');
  if (!draft) return;
  const isStale = isForAnother(draft, req.query);
  // The other parts of the open page show the other specialist: reload it.
  if (isStale && wantsFragment(req)) return void res.set('HX-Redirect', req.originalUrl).end();
  await render(services, req, res, draft, { query, chosen: draft.startsAt, isStale });
}

/** What the page shows beside the times. */
const seenOf = ({ specialist, service }: OpenDraft) => `${specialist.id} ${service.type}`;

/** Whether another tab has chosen another specialist or kind since the page was shown that sent this. */
function isForAnother(draft: OpenDraft, sent: unknown): boolean {
  const seen = typed(sent, 'seen');
  return seen !== '' && seen !== seenOf(draft);
}

async function chooseTime(services: Needs, req: DraftRequest, res: Response): Promise<void> {
  const draft = await openDraft(services, req, res, 'time');
  if (!draft) return;
  if (isForAnother(draft, req.body))
    return render(services, req, res.status(409), draft, { query: {}, chosen: null, isStale: true });
  const parsed = startsAtSchema.safeParse(rawField(req.body, 'startsAt'));
  if (!parsed.success) {
    return refuse(services, req, res, draft, { query: dayOf(req.body), chosen: null }, 'Choose a time');
  }
  const startsAt = parsed.data;
  const state = await services.availability.isFree(draft.specialist, draft.service.type, startsAt, {
    personId: draft.owner.userId,
  });
  if (state === 'taken') {
    const zone = draft.specialist.timezone;
    const query = { day: dayIn(startsAt, zone) };
    return refuse(
      services,
      req,
      res,
      draft,
      { query, chosen: null },
      `${timeAndDay(startsAt, zone)} is not free. Choose another time.`,
    );
  }
  // `unknown` is accepted: confirming the booking checks the time again.
  const data = await services.drafts.update(draft.owner, draft.id, {
    startsAt: startsAt.toISOString(),
    idempotencyKey: services.ids.uuid(),
  });
  if (!data) return res.redirect(303, paths.draftTime(draft.id));
  res.redirect(303, stepPath(firstMissing({ startsAt, data }), draft.id));
}

interface Shown {
  query: { month?: string; day?: string };
  chosen: Date | null;
  isStale?: boolean;
}

function refuse(
  services: Needs,
  req: DraftRequest,
  res: Response,
  draft: OpenDraft,
  shown: Shown,
  message: string,
) {
  return render(services, req, res.status(422), draft, shown, [{ path: 'startsAt', message }]);
}

async function render(
  services: Needs,
  req: Request,
  res: Response,
  draft: OpenDraft,
  { isStale = false, ...shown }: Shown,
  errors: FieldError[] = [],
): Promise<void> {
  const here = paths.draftTime(draft.id);
  const picker = await buildPicker(services, {
    specialist: draft.specialist,
    type: draft.service.type,
    personId: draft.owner.userId,
    ...shown,
    readerZone: readerZoneOf(req.headers.cookie),
    href: (query) => withQuery(here, { ...query, seen: seenOf(draft) }),
    submit: { action: here, text: 'Continue', seen: seenOf(draft) },
  });
  answerPicker(res, picker);
  if (wantsFragment(req)) return res.render('bookings/_picker', { picker, errors });
  const page: ChooseTimePage = {
    title: 'Choose a day and time',
    errors,
    steps: stepsAt('time', draft.id),
    draftId: draft.id,
    choice: choiceOf(draft, 'time'),
    picker,
    problem: isStale
      ? {
          title: 'Another specialist or kind was chosen in another tab',
          text: `These are the times of ${draft.specialist.name}, ${typeWords[draft.service.type].toLowerCase()}. No time was chosen.`,
        }
      : null,
    waitListHref: paths.waitListJoin(draft.specialist.id, draft.service.type),
  };
  res.render('bookings/time', page);
}
