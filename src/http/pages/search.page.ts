// One search over everything that the viewer may open. It opens over any page of the portal (public/js/search.js), is in
// the console's bar (public/js/console/find.js), and is a page itself. What is typed may be health information, so it is
// sent by POST, and addresses contain it only encrypted.
import type { Request, Response } from 'express';
import { isStaff } from '../../accounts/index.ts';
import { actorOf } from '../actor.ts';
import type { PageRoute } from '../endpoint.ts';
import { searchWords } from '../forms/booking-filter.ts';
import { rawField } from '../forms/fields.ts';
import { createSealedSearch, wordsOfSearch, type SealedSearch } from '../forms/sealed-search.ts';
import { paths } from '../paths.ts';
import { parse } from '../problem.ts';
import { wantsFragment } from '../respond.ts';
import type { PageData } from '../views.ts';
import { withQuery } from './links.ts';
import type { PageServices } from './page-services.ts';
import { searchGroups, type FoundGroup, type SearchServices } from './search-groups.ts';

interface SearchPage extends PageData {
  query: string;
  groups: FoundGroup[];
}

export function searchPages(services: SearchServices & Pick<PageServices, 'config'>): PageRoute[] {
  const sealing = createSealedSearch(services.config.BETTER_AUTH_SECRET);
  return [
    {
      method: 'get',
      path: paths.search(),
      access: 'session',
      async handle(req, res) {
        const words = wordsOfSearch(sealing, req, res);
        if (words !== null)
          await show(
            services,
            sealing,
            req,
            res,
            words,
            wantsFragment(req) ? 'search/_box' : 'search/search',
          );
      },
    },
    {
      method: 'post',
      path: paths.search(),
      access: 'session',
      async handle(req, res) {
        const words = (parse(searchWords, rawField(req.body, 'q') ?? '') ?? '').trim();
        if (wantsFragment(req)) return show(services, sealing, req, res, words, 'search/_found');
        const { userId } = actorOf(req, res).viewer;
        res.redirect(303, withQuery(paths.search(), { find: words ? sealing.seal(userId, words) : null }));
      },
    },
  ];
}

async function show(
  services: SearchServices,
  sealing: SealedSearch,
  req: Request,
  res: Response,
  words: string,
  view: string,
): Promise<void> {
  const actor = actorOf(req, res);
  const { viewer } = actor;
  const groups = await searchGroups(services, {
    actor,
    words,
    isInConsole: isStaff(viewer) && rawField(req.body, 'in') === 'console',
    sealed: () => sealing.seal(viewer.userId, words),
  });
  const page: SearchPage = { title: 'Search', query: words, groups };
  res.render(view, page);
}
