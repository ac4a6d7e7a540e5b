// The page of an invitation's link: creates the account from a name and a password, and signs in.
import type { Request, Response } from 'express';
import { passwordLength, type AccountLink, type Accounts } from '../../../accounts/index.ts';
import { headersOf, requestFacts } from '../../actor.ts';
import type { PageRoute } from '../../endpoint.ts';
import { rawField, typed } from '../../forms/fields.ts';
import { paths } from '../../paths.ts';
import type { FieldProblem } from '../../problem.ts';
import type { PageData } from '../../views.ts';
import { showClosedLink, showErrors, showTooMany } from './account-page.ts';
import { setCookies } from '../../respond.ts';

interface InvitationPage extends PageData {
  token: string;
  email: string;
  as: string;
  invitedBy: string | null;
  name: string;
  passwordMin: number;
  errors: FieldProblem[];
}

const view = 'account/invitation';
const advice =
  'If you have opened your account with it, sign in with your password. Links work once, for seven days, and only the latest one: otherwise ask the person who invited you to send another.';

export function invitationPages(accounts: Accounts): PageRoute[] {
  const path = paths.accountInvitation(':token');
  return [
    { method: 'get', path, access: 'anyone', handle: (req, res) => show(accounts, req, res) },
    { method: 'post', path, access: 'anyone', handle: (req, res) => accept(accounts, req, res) },
  ];
}

async function show(accounts: Accounts, req: Request, res: Response): Promise<void> {
  const token = tokenOf(req);
  const link = await accounts.invitations.find(token);
  if (!link) return closed(res);
  res.render(view, pageOf(token, link, link.name ?? ''));
}

async function accept(accounts: Accounts, req: Request, res: Response): Promise<void> {
  const token = tokenOf(req);
  const link = await accounts.invitations.find(token);
  if (!link) return closed(res);
  const [name, password] = [rawField(req.body, 'name'), rawField(req.body, 'password')];
  const request = requestFacts(req, res);
  const page = pageOf(token, link, typed(req.body, 'name'));
  const accepted = await accounts.acceptInvitation({ token, name, password }, request);
  if (accepted.ok) {
    const { email } = accepted.value;
    const headers = headersOf(req);
    const signedIn = await accounts.signIn({ email, password: String(password) }, headers, request);
    if (signedIn.ok) {
      setCookies(res, signedIn.value.cookies);
      return res.redirect(303, paths.home());
    }
    // A person who returns may still have two-step sign-in, so the sign-in may need its second step.
    if (signedIn.reason !== 'second_step') return res.redirect(303, paths.signIn());
    setCookies(res, signedIn.cookies);
    return res.redirect(303, paths.signInSecondStep());
  }
  switch (accepted.reason) {
    case 'invalid':
      return showErrors(res, view, { ...page, errors: accepted.errors });
    case 'too_many':
      return showTooMany(res, view, page, accepted.retryAfterMs, 'password');
    case 'already_active':
    case 'link_closed':
      return closed(res);
  }
}

function pageOf(token: string, link: AccountLink, name: string): InvitationPage {
  return {
    title: 'Your account',
    token,
    email: link.email,
    as: link.organization?.name ?? 'Examdesk staff',
    invitedBy: link.invitedBy?.name ?? null,
    name,
    passwordMin: passwordLength.min,
    errors: [],
  };
}

function tokenOf(req: Request): string {
  return typeof req.params.token === 'string' ? req.params.token : '';
}

function closed(res: Response): void {
  showClosedLink(res, { title: 'This invitation cannot be used', advice });
}
