// The second step of signing in. One field accepts the app's code and recovery codes.
import type { Request, Response } from 'express';
import type { Accounts } from '../../../accounts/index.ts';
import { headersOf, requestFacts, viewerOf } from '../../actor.ts';
import type { PageRoute } from '../../endpoint.ts';
import { digits, recoveryCode } from '../../forms/codes.ts';
import { typed } from '../../forms/fields.ts';
import { safeNext } from '../../next-path.ts';
import { paths } from '../../paths.ts';
import type { FieldProblem } from '../../problem.ts';
import type { PageData } from '../../views.ts';
import { showTooMany } from './account-page.ts';
import { setCookies } from '../../respond.ts';

interface SecondStepPage extends PageData {
  next: string | null;
  errors: FieldProblem[];
}

const view = 'account/second-step';

export function secondStepPages(accounts: Accounts): PageRoute[] {
  const path = paths.signInSecondStep();
  return [
    {
      method: 'get',
      path,
      access: 'anyone',
      handle(req, res) {
        const next = safeNext(req.query.next);
        if (viewerOf(res)) return res.redirect(303, next ?? paths.home());
        res.render(view, pageOf(next));
      },
    },
    { method: 'post', path, access: 'anyone', handle: (req, res) => take(accounts, req, res) },
  ];
}

async function take(accounts: Accounts, req: Request, res: Response): Promise<void> {
  const next = safeNext(typed(req.body, 'next'));
  if (viewerOf(res)) return res.redirect(303, next ?? paths.home());
  const entered = typed(req.body, 'code').trim();
  const page = pageOf(next);
  if (entered === '' || entered.length > 40) {
    return res.status(422).render(view, { ...page, errors: [{ path: 'code', message: 'Enter the code' }] });
  }
  const isFromApp = /^\d+$/.test(digits(entered));
  const given = isFromApp ? { code: digits(entered) } : { recoveryCode: recoveryCode(entered) };
  const taken = await accounts.secondStep(given, headersOf(req), requestFacts(req, res));
  if (taken.ok) {
    setCookies(res, taken.value.cookies);
    return res.redirect(303, next ?? paths.home());
  }
  switch (taken.reason) {
    case 'challenge_over':
      return res.redirect(303, `${paths.signIn(next ?? paths.home())}&after=code`);
    case 'too_many':
      return showTooMany(res, view, page, taken.retryAfterMs, 'code');
    case 'wrong_code':
      return res
        .status(401)
        .render(view, { ...page, errors: [{ path: 'code', message: wrongCode(isFromApp) }] });
  }
}

function wrongCode(isFromApp: boolean): string {
  return isFromApp
    ? 'This code is wrong or was used already. Wait for the next one in the app and enter it'
    : 'This recovery code is wrong or was used already. Check it, or take another';
}

function pageOf(next: string | null): SecondStepPage {
  return { title: 'Enter the code', next, errors: [] };
}
