import type { Request, Response } from 'express';
import { z } from 'zod';
import { mayBeOfferedTwoFactor, type Accounts } from '../../../accounts/index.ts';
import { hasSessionEnded, headersOf, requestFacts, viewerOf } from '../../actor.ts';
import type { PageRoute } from '../../endpoint.ts';
import { emailField } from '../../forms/email-field.ts';
import { safeNext } from '../../next-path.ts';
import { paths } from '../../paths.ts';
import { setCookies } from '../../respond.ts';
import type { FieldProblem } from '../../problem.ts';
import { showTooMany } from './account-page.ts';
import { wantsTwoFactorLater } from './two-factor.page.ts';

const form = z.object({
  email: emailField,
  password: z
    .string('Enter your password')
    .min(1, 'Enter your password')
    .max(128, 'Passwords have at most 128 characters'),
});

interface SignInPage {
  title: string;
  email: string;
  next: string | null;
  errors: FieldProblem[];
  notice?: string;
}

export function signInPages(accounts: Accounts): PageRoute[] {
  return [
    {
      method: 'get',
      path: paths.signIn(),
      access: 'anyone',
      handle(req, res) {
        const next = safeNext(req.query.next);
        if (viewerOf(res)) return res.redirect(303, next ?? paths.home());
        const notice = noticeFor(req.query.after, next, {
          hasEnded: hasSessionEnded(res),
          hasKept: accounts.keptForms.hasKept(req.headers.cookie),
        });
        show(res, { title: 'Sign in', email: '', next, errors: [], ...(notice && { notice }) });
      },
    },
    {
      method: 'post',
      path: paths.signIn(),
      access: 'anyone',
      handle: (req, res) => signIn(accounts, req, res),
    },
  ];
}

async function signIn(accounts: Accounts, req: Request, res: Response): Promise<void> {
  const typed = (req.body ?? {}) as Record<string, unknown>;
  const next = safeNext(typed.next);
  const page = { title: 'Sign in', email: typeof typed.email === 'string' ? typed.email : '', next };
  const given = form.safeParse(typed);
  if (!given.success) {
    const errors = given.error.issues.map((issue) => ({
      path: issue.path.join('.'),
      message: issue.message,
    }));
    return show(res.status(422), { ...page, errors });
  }
  const signedIn = await accounts.signIn(given.data, headersOf(req), requestFacts(req, res));
  if (signedIn.ok) {
    setCookies(res, signedIn.value.cookies);
    const to = next ?? paths.home();
    // Nothing comes between somebody and the form that waits for them on the page `next`; the next sign-in offers it.
    const isOffered =
      mayBeOfferedTwoFactor(signedIn.value.user) &&
      !wantsTwoFactorLater(req) &&
      (next === null || !accounts.keptForms.hasKept(req.headers.cookie));
    return res.redirect(303, isOffered ? paths.accountTwoFactorOffer(to) : to);
  }
  if (signedIn.reason === 'second_step') {
    setCookies(res, signedIn.cookies);
    return res.redirect(303, paths.signInSecondStep(next ?? undefined));
  }
  if (signedIn.reason === 'too_many') {
    return showTooMany(res, view, page, signedIn.retryAfterMs, 'email');
  }
  const message = 'The e-mail address or the password is wrong. Check both and try again';
  show(res.status(401), { ...page, errors: [{ path: 'email', message }] });
}

/** Why the person was sent to this page. */
function noticeFor(
  after: unknown,
  next: string | null,
  { hasEnded, hasKept }: { hasEnded: boolean; hasKept: boolean },
): string | undefined {
  if (after === 'password') return 'Your new password is set. Sign in with it.';
  if (after === 'email') return 'Your new address is confirmed. Sign in with it.';
  if (after === 'everywhere') return 'You are signed out everywhere.';
  if (after === 'code') return 'That took too long, or there were too many wrong codes. Sign in again.';
  if (hasKept)
    return 'Your session had ended, so nothing was sent. Sign in within an hour: what you typed is in the form again.';
  if (hasEnded)
    return 'Your session has ended, as it does after a while without activity. Sign in to continue.';
  return next ? 'Sign in to continue.' : undefined;
}

const view = 'account/sign-in';

function show(res: Response, page: SignInPage): void {
  res.render(view, page);
}
