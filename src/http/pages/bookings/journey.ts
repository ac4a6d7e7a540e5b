// Shared by the steps of the journey: the draft in the URL, the order of the steps, and the choices so far.
import type { Request, Response } from 'express';
import { draftHours, type DraftData, type DraftOwner } from '../../../bookings/index.ts';
import { formatDay, zoneName } from '../../../lib/dates.ts';
import type { Specialist, SpecialistService } from '../../../specialists/index.ts';
import { actorOf } from '../../actor.ts';
import { paths } from '../../paths.ts';
import type { PageServices } from '../page-services.ts';
import { typeWords } from '../../view-helpers.ts';
import type { PageData } from '../../views.ts';
import { clockTime } from '../when.ts';

const stepNames = ['specialist', 'time', 'examinee', 'check'] as const;
export type StepName = (typeof stepNames)[number];

export interface Step {
  label: string;
  href: string | null;
  state: 'done' | 'current' | 'ahead';
}

export interface DraftExpiredPage extends PageData {
  /** How long a draft is kept. */
  hours: number;
}

/** A page of the journey. */
export interface JourneyPage extends PageData {
  steps: Step[];
}

/** `Your choice so far`, beside the step. */
export interface Choice {
  title: string;
  rows: { label: string; value: string; note?: string | null; href?: string; change?: string }[];
}

/** A draft whose specialist can be booked for the chosen type. */
export interface OpenDraft {
  id: string;
  owner: DraftOwner;
  data: DraftData;
  specialist: Specialist;
  service: SpecialistService;
  startsAt: Date | null;
}

/**
 * The draft in the URL, ready for `step`. Null after a response: it has expired, has become a booking, or an earlier
 * step is missing.
 */
export async function openDraft(
  services: Pick<PageServices, 'drafts' | 'specialists'>,
  req: Request<{ draftId: string }>,
  res: Response,
  step: StepName,
): Promise<OpenDraft | null> {
  const { viewer } = actorOf(req, res);
  const id = req.params.draftId;
  const data = await services.drafts.find(viewer, id);
  if (!data) {
    renderExpired(res);
    return null;
  }
  if (data.bookingId) {
    res.redirect(303, paths.booking(data.bookingId));
    return null;
  }
  const draft = await withSpecialist(services, { id, owner: viewer, data });
  const missing = draft ? firstMissing(draft) : 'specialist';
  if (!draft || stepNames.indexOf(missing) < stepNames.indexOf(step)) {
    res.redirect(303, stepPath(missing, id));
    return null;
  }
  return draft;
}

/** Answers 410. Unknown drafts and drafts of other people get the same response. */
export function renderExpired(res: Response): void {
  const page: DraftExpiredPage = { title: 'This booking has expired', hours: draftHours };
  res.status(410).render('bookings/draft-expired', page);
}

/** Null when the specialist does not exist, is inactive, or no longer offers the chosen type. */
export async function withSpecialist(
  services: Pick<PageServices, 'specialists'>,
  { id, owner, data }: { id: string; owner: DraftOwner; data: DraftData },
): Promise<OpenDraft | null> {
  const specialist = data.specialistId ? await services.specialists.findById(data.specialistId) : null;
  const service = specialist?.services.find(({ type }) => type === data.type);
  if (!specialist?.isActive || !service) return null;
  return { id, owner, data, specialist, service, startsAt: data.startsAt ? new Date(data.startsAt) : null };
}

export function firstMissing({ startsAt, data }: Pick<OpenDraft, 'startsAt' | 'data'>): StepName {
  if (!startsAt) return 'time';
  return data.examinee ? 'check' : 'examinee';
}

const stepPaths: Record<StepName, (draftId: string) => string> = {
  specialist: paths.newBooking,
  time: paths.draftTime,
  examinee: paths.draftExaminee,
  check: paths.draftReview,
};

export function stepPath(step: StepName, draftId: string): string {
  return stepPaths[step](draftId);
}

const stepLabels: Record<StepName, string> = {
  specialist: 'Specialist',
  time: 'Day and time',
  examinee: 'Examinee',
  check: 'Check and confirm',
};

export function stepsAt(current: StepName, draftId: string | null): Step[] {
  const at = stepNames.indexOf(current);
  return stepNames.map((name, index) => ({
    label: stepLabels[name],
    href: index < at && draftId ? stepPath(name, draftId) : null,
    state: index < at ? 'done' : index === at ? 'current' : 'ahead',
  }));
}

export function choiceOf(draft: OpenDraft, step: StepName): Choice {
  const { id, specialist, service, startsAt } = draft;
  const rows: Choice['rows'] = [
    {
      label: 'Specialist',
      value: specialist.name,
      note: specialist.specialty,
      href: paths.newBooking(id),
      change: 'the specialist',
    },
    {
      label: 'Kind',
      value: `${typeWords[service.type]}, ${service.durationMinutes} minutes`,
      note: service.type === 'in_person' ? specialist.location : null,
    },
  ];
  if (startsAt && step !== 'time') {
    rows.push({
      label: 'Time',
      value: clockTime(startsAt, specialist.timezone),
      note: `${formatDay(startsAt, specialist.timezone)}, ${zoneName(specialist.timezone, startsAt)}`,
      href: paths.draftTime(id),
      change: 'the day and time',
    });
  }
  return { title: 'Your choice so far', rows };
}
