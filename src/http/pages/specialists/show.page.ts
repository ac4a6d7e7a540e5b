// The page of one specialist: what a referrer wants to know before choosing.
import type { Request, Response } from 'express';
import { isStaff, mayAdminister } from '../../../accounts/index.ts';
import { mapLink } from '../../../lib/map-link.ts';
import { zoneName } from '../../../lib/dates.ts';
import type { Specialist } from '../../../specialists/index.ts';
import { viewerOf } from '../../actor.ts';
import type { PageRoute } from '../../endpoint.ts';
import { knownFree } from '../../forms/specialist-filter.ts';
import { paths } from '../../paths.ts';
import { notFound } from '../../problem.ts';
import type { PageData } from '../../views.ts';
import { formatSize } from '../../../lib/sizes.ts';
import { withQuery } from '../links.ts';
import type { PageServices } from '../page-services.ts';
import { nextFreeWords, type NextFreeWords } from './next-free.ts';
import { reportWaitWords, type ReportWaitWords } from './report-wait.ts';

export interface SpecialistPage extends PageData {
  specialist: Pick<Specialist, 'id' | 'name' | 'title' | 'specialty' | 'location' | 'isActive' | 'services'>;
  profile: Pick<Specialist['profile'], 'qualifications' | 'languages' | 'examines'>;
  zoneName: string;
  mapHref: string | null;
  photoHref: string | null;
  cv: { href: string; size: string } | null;
  reportWait: ReportWaitWords | null;
  nextFree: NextFreeWords;
  mayBook: boolean;
  /** Null: not for this viewer. */
  edit: { profile: string; files: string } | null;
}

type Needs = Pick<PageServices, 'specialists' | 'nextFree' | 'reportWaits' | 'clock'>;

export function specialistPages(services: Needs): PageRoute[] {
  return [
    {
      method: 'get',
      path: '/specialists/:id',
      access: 'session',
      handle: (req, res) => showSpecialist(services, req as Request<{ id: string }>, res),
    },
  ];
}

async function showSpecialist(services: Needs, req: Request<{ id: string }>, res: Response): Promise<void> {
  const viewer = viewerOf(res);
  const specialist = await services.specialists.findById(req.params.id);
  // Staff prepare the page of a specialist who cannot be booked yet.
  if (!specialist || !(specialist.isActive || (viewer && isStaff(viewer)))) throw notFound();
  const { id, profile, location, timezone } = specialist;
  const now = services.clock.now();
  const waits = await services.reportWaits.bySpecialist();
  const page: SpecialistPage = {
    title: specialist.name,
    specialist,
    profile,
    zoneName: zoneName(timezone, now),
    mapHref: location && mapLink(location),
    photoHref: profile.photo && withQuery(paths.specialistFile(id, 'photo'), { v: profile.photo.version }),
    cv: profile.cv && { href: paths.specialistFile(id, 'cv'), size: formatSize(profile.cv.sizeBytes) },
    reportWait: reportWaitWords(waits.get(id), profile),
    nextFree: nextFreeWords(
      await knownFree(services, [specialist], undefined, viewer?.userId ?? null),
      specialist,
      now,
    ),
    mayBook: viewer?.role === 'referrer' && specialist.isActive,
    edit:
      viewer && mayAdminister(viewer)
        ? {
            profile: `/admin/resources/specialists/records/${id}/edit`,
            files: paths.specialistFiles(id),
          }
        : null,
  };
  res.render('specialists/show', page);
}
