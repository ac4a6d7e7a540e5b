import type { Accounts } from '../../../accounts/index.ts';
import { draftHours } from '../../../bookings/index.ts';
import { headersOf, requestFacts, viewerOf } from '../../actor.ts';
import type { PageRoute } from '../../endpoint.ts';
import { paths } from '../../paths.ts';
import { setCookies } from '../../respond.ts';

export function signOutPages(accounts: Accounts): PageRoute[] {
  return [
    {
      // Following a link must not sign anyone out: GET only asks.
      method: 'get',
      path: paths.signOut(),
      access: 'session',
      handle: (_req, res) => res.render('account/sign-out', { title: 'Sign out', draftHours }),
    },
    {
      method: 'post',
      path: paths.signOut(),
      access: 'anyone',
      async handle(req, res) {
        const cookies = await accounts.signOut(headersOf(req), viewerOf(res), requestFacts(req, res));
        setCookies(res, cookies);
        res.redirect(303, paths.home());
      },
    },
  ];
}
