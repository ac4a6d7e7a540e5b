// The ten soonest free times of all specialists who match: one way to begin a booking.
import type { Request, Response } from 'express';
import { z } from 'zod';
import { soonestSlots } from '../../../availability/index.ts';
import { idSchema } from '../../../bookings/index.ts';
import { viewerOf } from '../../actor.ts';
import type { PageRoute } from '../../endpoint.ts';
import { blankAsAbsent, readerZoneOf } from '../../forms/fields.ts';
import {
  filterChoices,
  findSpecialists,
  knownFree,
  specialistFilterFields,
  type FilterChoices,
  type SpecialistFilter,
} from '../../forms/specialist-filter.ts';
import { paths } from '../../paths.ts';
import { parse } from '../../problem.ts';
import type { PageData } from '../../views.ts';
import { withQuery } from '../links.ts';
import type { PageServices } from '../page-services.ts';
import { freeSlotWords, type FreeSlotWords } from './next-free.ts';

export interface FirstFreePage extends PageData {
  filter: SpecialistFilter;
  choices: FilterChoices;
  slots: FreeSlotWords[];
  /** How many specialists match. */
  matching: number;
  /** The names of those whose free times are not known just now. */
  unknown: string[];
  draftId: string | null;
  listHref: string;
}

/** How many times the page shows. */
export const firstFreeCount = 10;

const querySchema = z.object({ ...specialistFilterFields, draft: blankAsAbsent(idSchema) });

type Needs = Pick<PageServices, 'specialists' | 'nextFree' | 'clock'>;

export function firstFreePages(services: Needs): PageRoute[] {
  return [
    {
      method: 'get',
      path: '/specialists/first-free',
      access: 'session',
      handle: (req, res) => showFirstFree(services, req, res),
    },
  ];
}

async function showFirstFree(services: Needs, req: Request, res: Response): Promise<void> {
  const { draft, ...filter } = parse(querySchema, req.query);
  const specialists = await findSpecialists(services, filter);
  const known = await knownFree(services, specialists, filter.type, viewerOf(res)?.userId ?? null);
  const isKnown = new Set(known.map(({ specialistId }) => specialistId));
  const now = services.clock.now();
  const mayBook = viewerOf(res)?.role === 'referrer';
  const list = mayBook ? paths.newBooking() : paths.specialists();
  const page: FirstFreePage = {
    title: 'First free times',
    filter,
    choices: await filterChoices(services),
    slots: freeSlotWords(soonestSlots(known, firstFreeCount), specialists, {
      now,
      readerZone: readerZoneOf(req.headers.cookie),
    }),
    matching: specialists.length,
    unknown: specialists.filter(({ id }) => !isKnown.has(id)).map(({ name }) => name),
    draftId: draft ?? null,
    listHref: withQuery(list, { ...filter, draft: mayBook ? draft : undefined }),
  };
  res.render('specialists/first-free', page);
}
