import type { ExaminationType } from '../../../specialists/index.ts';
import { viewerOf } from '../../actor.ts';
import type { PageRoute } from '../../endpoint.ts';
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
import type { PageData } from '../../views.ts';
import { withQuery } from '../links.ts';
import { specialistCards, type SpecialistCard } from './specialist-card.ts';

type Offer = SpecialistCard['services'][number] & { href: string };

export interface SpecialistListPage extends PageData {
  filter: ListFilter;
  choices: FilterChoices;
  firstFreeHref: string;
  specialists: (Omit<SpecialistCard, 'services'> & { services: Offer[] })[];
}

export function specialistListPages(
  services: Pick<PageServices, 'specialists' | 'nextFree' | 'reportWaits' | 'clock'>,
): PageRoute[] {
  return [
    {
      method: 'get',
      path: '/specialists',
      access: 'session',
      handle: async (req, res) => {
        const filter = parse(specialistListQuery, req.query);
        const found = await findSpecialists(services, filter);
        const known = await knownFree(services, found, filter.type, viewerOf(res)?.userId ?? null);
        const cards = specialistCards(
          services,
          found,
          known,
          filter.sort,
          await services.reportWaits.bySpecialist(),
        );
        const page: SpecialistListPage = {
          title: 'Specialists',
          filter,
          choices: await filterChoices(services),
          firstFreeHref: withQuery(paths.firstFree(), { ...filter, sort: undefined }),
          specialists: cards.map(withLinks),
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
