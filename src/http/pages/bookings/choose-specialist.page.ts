import type { Request, Response } from 'express';
import { z } from 'zod';
import { soonestSlots } from '../../../availability/index.ts';
import {
  examineeName,
  idSchema,
  startsAtSchema,
  type DraftData,
  type DraftOwner,
} from '../../../bookings/index.ts';
import { zoneName } from '../../../lib/dates.ts';
import type { FieldError } from '../../../lib/result.ts';
import { examinationTypes, offers, type Specialist } from '../../../specialists/index.ts';
import { actorOf } from '../../actor.ts';
import type { PageRoute } from '../../endpoint.ts';
import { blankAsAbsent, fieldErrors, readerZoneOf, typed } from '../../forms/fields.ts';
import {
  filterChoices,
  findSpecialists,
  knownFree,
  specialistListQuery,
  type FilterChoices,
  type ListFilter,
} from '../../forms/specialist-filter.ts';
import { paths } from '../../paths.ts';
import { parse } from '../../problem.ts';
import type { PageServices } from '../page-services.ts';
import { withQuery } from '../links.ts';
import { freeSlotWords, type FreeSlotWords } from '../specialists/next-free.ts';
import { specialistCards, type SpecialistCard } from '../specialists/specialist-card.ts';
import { clockAndZone, timeAndDay } from '../when.ts';
import {
  firstMissing,
  renderExpired,
  stepPath,
  stepsAt,
  withSpecialist,
  type JourneyPage,
} from './journey.ts';

export interface ChooseSpecialistPage extends JourneyPage {
  draftId: string | null;
  filter: ListFilter;
  isFiltered: boolean;
  choices: FilterChoices;
  clearHref: string;
  /** The soonest free times of all who match. */
  firstFree: FreeSlotWords[];
  firstFreeHref: string;
  specialists: (SpecialistCard & { chosen: boolean })[];
  /** A booking that was left before it was confirmed; null: none, or this is it. */
  unfinished: UnfinishedDraft | null;
  /** Why the reader was sent back to this step. */
  notice: string | null;
}

/** An unfinished draft, which the person may continue or discard. */
export interface UnfinishedDraft {
  id: string;
  /** The address of the step to continue with. */
  href: string;
  /** As typed so far; empty: nothing. */
  examinee: string;
  specialistName: string;
  when: string;
  keptUntil: string;
}

type Needs = Pick<
  PageServices,
  'specialists' | 'reportWaits' | 'availability' | 'nextFree' | 'drafts' | 'clock' | 'ids'
>;

const querySchema = specialistListQuery.extend({ draft: blankAsAbsent(idSchema) });
/** How many of the first free times this page shows. */
const shownFree = 3;

const choiceSchema = z.object({
  specialistId: z.string('Choose a specialist').pipe(idSchema),
  type: z.enum(examinationTypes, 'Choose in person or telehealth'),
  /** Set when the person chose one of the free times on this page. */
  startsAt: blankAsAbsent(startsAtSchema),
  draftId: blankAsAbsent(idSchema),
});

export function chooseSpecialistPages(services: Needs): PageRoute[] {
  return [
    {
      method: 'get',
      path: '/bookings/new',
      access: 'referrer',
      handle: (req, res) => showSpecialists(services, req, res),
    },
    {
      method: 'post',
      path: '/bookings/new',
      access: 'referrer',
      handle: (req, res) => chooseSpecialist(services, req, res),
    },
  ];
}

async function showSpecialists(services: Needs, req: Request, res: Response): Promise<void> {
  const { draft: draftId, ...filter } = parse(querySchema, req.query);
  const { viewer } = actorOf(req, res);
  const data = draftId ? await services.drafts.find(viewer, draftId) : null;
  if (draftId && !data) return renderExpired(res);
  await render(services, req, res, filter, draftId && data ? { id: draftId, owner: viewer, data } : null);
}

async function chooseSpecialist(services: Needs, req: Request, res: Response): Promise<void> {
  const { viewer } = actorOf(req, res);
  const discarded = typed(req.body, 'discard');
  if (discarded !== '') {
    await services.drafts.remove(viewer, discarded);
    return res.redirect(303, paths.newBooking());
  }
  const chosen = choiceSchema.safeParse(req.body);
  if (!chosen.success) {
    const errors = fieldErrors(chosen.error, () => 'specialistId');
    return render(services, req, res.status(422), {}, null, errors);
  }
  const { specialistId, type, startsAt, draftId } = chosen.data;
  const old = draftId ? await services.drafts.find(viewer, draftId) : null;
  if (draftId && !old) return renderExpired(res);
  const draft = draftId && old ? { id: draftId, owner: viewer, data: old } : null;

  const specialist = await services.specialists.findById(specialistId);
  if (!specialist?.isActive || !offers(specialist, type)) {
    const message = 'That specialist can no longer be booked this way. Choose another.';
    return render(services, req, res.status(422), {}, draft, [{ path: 'specialistId', message }]);
  }
  // `unknown` is accepted, as in the next step: confirming the booking checks the time again.
  const { userId: personId } = viewer;
  const state = startsAt && (await services.availability.isFree(specialist, type, startsAt, { personId }));
  if (startsAt && state === 'taken') {
    const time = timeAndDay(startsAt, specialist.timezone);
    const message = `${time} with ${specialist.name} is not free any more. Choose another time or specialist.`;
    return render(services, req, res.status(422), {}, draft, [{ path: 'specialistId', message }]);
  }

  const time = startsAt && { startsAt: startsAt.toISOString() };
  if (!draft) {
    const created = await services.drafts.create(viewer, { specialistId, type, ...time });
    return res.redirect(303, stepPath(time ? 'examinee' : 'time', created.id));
  }
  // A time belongs to one specialist and one type, so another choice needs another time.
  const isSame = draft.data.specialistId === specialistId && draft.data.type === type;
  const idempotencyKey = services.ids.uuid();
  const change = isSame && !time ? {} : { specialistId, type, startsAt: time?.startsAt, idempotencyKey };
  const data = await services.drafts.update(viewer, draft.id, change);
  const ready = data && (await withSpecialist(services, { ...draft, data }));
  if (!ready) return renderExpired(res);
  res.redirect(303, stepPath(firstMissing(ready), draft.id));
}

async function render(
  services: Needs,
  req: Request,
  res: Response,
  filter: ListFilter,
  draft: { id: string; owner: DraftOwner; data: DraftData } | null,
  errors: FieldError[] = [],
): Promise<void> {
  const found = await findSpecialists(services, filter);
  const known = await knownFree(services, found, filter.type, actorOf(req, res).viewer.userId);
  const { sort: _, ...which } = filter;
  const cards = specialistCards(
    services,
    found,
    known,
    filter.sort,
    await services.reportWaits.bySpecialist(),
  );
  const page: ChooseSpecialistPage = {
    title: 'Choose a specialist',
    errors,
    steps: stepsAt('specialist', draft?.id ?? null),
    draftId: draft?.id ?? null,
    filter,
    isFiltered: Object.values(which).some(Boolean),
    choices: await filterChoices(services),
    clearHref: paths.newBooking(draft?.id),
    firstFree: freeSlotWords(soonestSlots(known, shownFree), found, {
      now: services.clock.now(),
      readerZone: readerZoneOf(req.headers.cookie),
    }),
    firstFreeHref: withQuery(paths.firstFree(), { ...which, draft: draft?.id }),
    specialists: cards.map((card) => ({
      ...offering(card, filter.type),
      chosen: card.id === draft?.data.specialistId,
    })),
    unfinished: draft || errors.length > 0 ? null : await unfinishedOf(services, req, res),
    notice: draft && errors.length === 0 ? await lostSpecialist(services, draft) : null,
  };
  res.render('bookings/new', page);
}

async function unfinishedOf(services: Needs, req: Request, res: Response): Promise<UnfinishedDraft | null> {
  const { viewer: owner } = actorOf(req, res);
  const found = await services.drafts.unfinished(owner);
  const draft = found && (await withSpecialist(services, { ...found, owner }));
  if (!found || !draft?.startsAt) return null;
  const { specialist, startsAt, data } = draft;
  const zone = readerZoneOf(req.headers.cookie) ?? specialist.timezone;
  const { firstName = '', lastName = '' } = data.typed?.values ?? data.examinee ?? {};
  return {
    id: found.id,
    href: stepPath(data.typed ? 'examinee' : firstMissing(draft), found.id),
    examinee: examineeName({ firstName, lastName }),
    specialistName: specialist.name,
    when: `${timeAndDay(startsAt, specialist.timezone)}, ${zoneName(specialist.timezone, startsAt)}`,
    keptUntil: clockAndZone(found.expiresAt, zone),
  };
}

function offering(card: SpecialistCard, type: ListFilter['type']): SpecialistCard {
  return { ...card, services: card.services.filter((service) => !type || service.type === type) };
}

/** The draft's specialist became unavailable between the steps. */
async function lostSpecialist(
  services: Needs,
  draft: { id: string; owner: DraftOwner; data: DraftData },
): Promise<string | null> {
  if (!draft.data.specialistId || (await withSpecialist(services, draft))) return null;
  const specialist: Specialist | null = await services.specialists.findById(draft.data.specialistId);
  const who = specialist ? specialist.name : 'The specialist you chose';
  return `${who} can no longer be booked this way. Choose another: what you typed is kept.`;
}
