import type { Request, Response } from 'express';
import { z } from 'zod';
import { idSchema, type DraftData, type DraftOwner } from '../../../bookings/index.ts';
import { examinationTypes, type ExaminationType, type Specialist } from '../../../specialists/index.ts';
import { actorOf } from '../../actor.ts';
import type { PageRoute } from '../../endpoint.ts';
import { blankAsAbsent, fieldErrors } from '../../forms/fields.ts';
import { paths } from '../../paths.ts';
import { parse } from '../../problem.ts';
import type { PageServices } from '../page-services.ts';
import { specialistFilterSchema } from '../specialists/list.page.ts';
import { specialistCard, type SpecialistCard } from '../specialists/specialist-card.ts';
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
  filter: { q: string; type: ExaminationType | null };
  clearHref: string;
  specialists: (SpecialistCard & { chosen: boolean })[];
  /** Why the reader was sent back to this step. */
  notice: string | null;
}

type Needs = Pick<PageServices, 'specialists' | 'drafts' | 'clock' | 'ids'>;

const querySchema = specialistFilterSchema.extend({ draft: blankAsAbsent(idSchema) });

const choiceSchema = z.object({
  specialistId: z.string('Choose a specialist').pipe(idSchema),
  type: z.enum(examinationTypes, 'Choose in person or telehealth'),
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
  const query = parse(querySchema, req.query);
  const { viewer } = actorOf(req, res);
  const data = query.draft ? await services.drafts.find(viewer, query.draft) : null;
  if (query.draft && !data) return renderExpired(res);
  await render(services, res, query, query.draft && data ? { id: query.draft, owner: viewer, data } : null);
}

async function chooseSpecialist(services: Needs, req: Request, res: Response): Promise<void> {
  const { viewer } = actorOf(req, res);
  const chosen = choiceSchema.safeParse(req.body);
  if (!chosen.success) {
    const errors = fieldErrors(chosen.error, () => 'specialistId');
    return render(services, res.status(422), {}, null, errors);
  }
  const { specialistId, type, draftId } = chosen.data;
  const old = draftId ? await services.drafts.find(viewer, draftId) : null;
  if (draftId && !old) return renderExpired(res);
  const draft = draftId && old ? { id: draftId, owner: viewer, data: old } : null;

  const specialist = await services.specialists.findById(specialistId);
  const isOffered = specialist?.isActive && specialist.services.some((service) => service.type === type);
  if (!isOffered) {
    const message = 'That specialist can no longer be booked this way. Choose another.';
    return render(services, res.status(422), {}, draft, [{ path: 'specialistId', message }]);
  }

  if (!draft) {
    const { id } = await services.drafts.create(viewer, { specialistId, type });
    return res.redirect(303, paths.draftTime(id));
  }
  // A time belongs to one calendar and one type: another choice needs another time.
  const isSame = draft.data.specialistId === specialistId && draft.data.type === type;
  const idempotencyKey = services.ids.uuid();
  const change = isSame ? {} : { specialistId, type, startsAt: undefined, idempotencyKey };
  const data = await services.drafts.update(viewer, draft.id, change);
  const ready = data && (await withSpecialist(services, { ...draft, data }));
  if (!ready) return renderExpired(res);
  res.redirect(303, stepPath(firstMissing(ready), draft.id));
}

async function render(
  services: Needs,
  res: Response,
  filter: { q?: string | undefined; type?: ExaminationType | undefined },
  draft: { id: string; owner: DraftOwner; data: DraftData } | null,
  errors: { path: string; message: string }[] = [],
): Promise<void> {
  const { q, type } = filter;
  const specialists = await services.specialists.listActive({ ...(q && { q }), ...(type && { type }) });
  const now = services.clock.now();
  const page: ChooseSpecialistPage = {
    title: 'Choose a specialist',
    errors,
    steps: stepsAt('specialist', draft?.id ?? null),
    draftId: draft?.id ?? null,
    filter: { q: q ?? '', type: type ?? null },
    clearHref: paths.newBooking(draft?.id),
    specialists: specialists.map((specialist) => ({
      ...offering(specialistCard(specialist, now), type),
      chosen: specialist.id === draft?.data.specialistId,
    })),
    notice: draft && errors.length === 0 ? await lostSpecialist(services, draft) : null,
  };
  res.render('bookings/new', page);
}

function offering(card: SpecialistCard, type: ExaminationType | undefined): SpecialistCard {
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
