import type { Request, Response } from 'express';
import { z } from 'zod';
import { examinationTypes, type ExaminationType } from '../../../specialists/index.ts';
import { viewerOf } from '../../actor.ts';
import type { PageRoute } from '../../endpoint.ts';
import { blankAsAbsent, calendarDay, calendarMonth, readerZoneOf } from '../../forms/fields.ts';
import { paths } from '../../paths.ts';
import { invalid, notFound, parse } from '../../problem.ts';
import { wantsFragment } from '../../respond.ts';
import type { PageServices } from '../page-services.ts';
import { typeWords } from '../../view-helpers.ts';
import type { PageData } from '../../views.ts';
import { withQuery } from '../links.ts';
import { answerPicker, buildPicker, type Picker } from '../time-picker.ts';

export interface FreeTimesPage extends PageData {
  specialist: { id: string; name: string; specialty: string; isActive: boolean };
  type: ExaminationType;
  tabs: { text: string; href: string; isCurrent: boolean }[];
  picker: Picker;
}

// Parameters have the names of the JSON API (`date`): one URL serves people and programs.
const querySchema = z.object({
  type: blankAsAbsent(z.enum(examinationTypes, 'Choose in_person or telehealth')),
  date: blankAsAbsent(calendarDay),
  month: blankAsAbsent(calendarMonth),
});

type Needs = Pick<PageServices, 'specialists' | 'availability' | 'clock'>;

export function freeTimesPages(services: Needs): PageRoute[] {
  return [
    {
      method: 'get',
      path: '/specialists/:id/availability',
      access: 'session',
      handle: (req, res) => showFreeTimes(services, req as Request<{ id: string }>, res),
    },
  ];
}

async function showFreeTimes(services: Needs, req: Request<{ id: string }>, res: Response): Promise<void> {
  const query = parse(querySchema, req.query);
  const specialist = await services.specialists.findById(req.params.id);
  if (!specialist?.isActive) throw notFound();
  const type = query.type ?? specialist.services[0]?.type;
  if (!type || !specialist.services.some((service) => service.type === type)) {
    throw invalid([{ path: 'type', message: 'This specialist does not offer that kind of examination' }]);
  }
  const here = paths.availability(specialist.id);
  const picker = await buildPicker(services, {
    specialist,
    type,
    personId: viewerOf(res)?.userId,
    query: { month: query.month, day: query.date },
    chosen: null,
    readerZone: readerZoneOf(req.headers.cookie),
    href: ({ month, day }) => withQuery(here, { type, month, date: day }),
    submit: null,
  });
  answerPicker(res, picker);
  if (wantsFragment(req)) return res.render('bookings/_picker', { picker });
  const page: FreeTimesPage = {
    title: `Free times of ${specialist.name}`,
    specialist,
    type,
    tabs: specialist.services.map((service) => ({
      text: typeWords[service.type],
      href: withQuery(here, { type: service.type }),
      isCurrent: service.type === type,
    })),
    picker,
  };
  res.render('specialists/free-times', page);
}
