import { z } from 'zod';
import { examinationTypes, type ExaminationType } from '../../../specialists/index.ts';
import type { PageRoute } from '../../endpoint.ts';
import { blankAsAbsent } from '../../forms/fields.ts';
import { paths } from '../../paths.ts';
import { parse } from '../../problem.ts';
import type { PageServices } from '../page-services.ts';
import type { PageData } from '../../views.ts';
import { withQuery } from '../links.ts';
import { specialistCard, type SpecialistCard } from './specialist-card.ts';

type Offer = SpecialistCard['services'][number] & { href: string };

export interface SpecialistListPage extends PageData {
  filter: { q: string; type: ExaminationType | null };
  specialists: (Omit<SpecialistCard, 'services'> & { services: Offer[] })[];
}

export const specialistFilterSchema = z.object({
  q: blankAsAbsent(z.string('Give one search').max(100, 'Search with 100 characters or fewer')),
  type: blankAsAbsent(z.enum(examinationTypes, 'Choose in person or telehealth')),
});

export function specialistListPages(services: Pick<PageServices, 'specialists' | 'clock'>): PageRoute[] {
  return [
    {
      method: 'get',
      path: '/specialists',
      access: 'session',
      handle: async (req, res) => {
        const { q, type } = parse(specialistFilterSchema, req.query);
        const found = await services.specialists.listActive({ ...(q && { q }), ...(type && { type }) });
        const now = services.clock.now();
        const page: SpecialistListPage = {
          title: 'Specialists',
          filter: { q: q ?? '', type: type ?? null },
          specialists: found.map((specialist) => withLinks(specialistCard(specialist, now))),
        };
        res.render('specialists/list', page);
      },
    },
  ];
}

function withLinks(card: SpecialistCard): SpecialistListPage['specialists'][number] {
  const href = (type: ExaminationType) => withQuery(paths.availability(card.id), { type });
  return { ...card, services: card.services.map((service) => ({ ...service, href: href(service.type) })) };
}
