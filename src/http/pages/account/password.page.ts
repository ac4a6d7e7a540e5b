// Changing the password while signed in, and resetting a forgotten one by a link.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Request, Response } from 'express';
import { passwordLength, type Accounts } from '../../../accounts/index.ts';
import { requestFacts } from '../../actor.ts';
import type { PageRoute } from '../../endpoint.ts';
import { emailField } from '../../forms/email-field.ts';
import { rawField, typed } from '../../forms/fields.ts';
import { paths } from '../../paths.ts';
import type { FieldProblem } from '../../problem.ts';
import type { PageData } from '../../views.ts';
import { ownActor, showClosedLink, showErrors, showTooMany } from './account-page.ts';

interface PasswordPage extends PageData {
  passwordMin: number;
  email: string;
  errors: FieldProblem[];
}

interface ForgottenPage extends PageData {
  email: string;
  sentTo: string | null;
  errors: FieldProblem[];
}

/** Longer than queueing the e-mail takes: the response time must not tell whether an account exists. */
const alwaysMs = 250;

export function passwordPages(accounts: Accounts): PageRoute[] {
  const reset = paths.accountPasswordReset(':token');
  return [
    {
      method: 'get',
      path: paths.accountPassword(),
      access: 'session',
      handle: (req, res) => res.render('account/password', changePage(ownActor(req, res).viewer.email)),
    },
    {
      method: 'post',
      path: paths.accountPassword(),
      access: 'session',
      handle: (req, res) => change(accounts, req, res),
    },
    {
      method: 'get',
      path: paths.accountForgotten(),
      access: 'anyone',
      handle: (_req, res) => res.render('account/forgotten', forgottenPage('')),
    },
    {
      method: 'post',
      path: paths.accountForgotten(),
      access: 'anyone',
      handle: (req, res) => forgotten(accounts, req, res),
    },
    { method: 'get', path: reset, access: 'anyone', handle: (req, res) => showReset(accounts, req, res) },
    { method: 'post', path: reset, access: 'anyone', handle: (req, res) => writeReset(accounts, req, res) },
  ];
}

async function change(accounts: Accounts, req: Request, res: Response): Promise<void> {
  const actor = ownActor(req, res);
  const page = changePage(actor.viewer.email);
  const given = { current: rawField(req.body, 'current'), password: rawField(req.body, 'password') };
  const changed = await accounts.passwords.change(given, actor);
  if (changed.ok) return res.redirect(303, `${paths.account()}?done=password`);
  if (changed.reason === 'too_many')
    return showTooMany(res, 'account/password', page, changed.retryAfterMs, 'current');
  showErrors(res, 'account/password', { ...page, errors: changed.errors });
}

async function forgotten(accounts: Accounts, req: Request, res: Response): Promise<void> {
  const page = forgottenPage(typed(req.body, 'email'));
  const email = emailField.safeParse(rawField(req.body, 'email'));
  if (!email.success) {
    const message = email.error.issues[0]?.message ?? 'Enter your e-mail address';
    return showErrors(res, 'account/forgotten', { ...page, errors: [{ path: 'email', message }] });
  }
  await Promise.all([accounts.passwords.forgotten(email.data, requestFacts(req, res)), sleep(alwaysMs)]);
  res.render('account/forgotten', { ...page, title: 'Check your e-mail', sentTo: email.data });
}

async function showReset(accounts: Accounts, req: Request, res: Response): Promise<void> {
  const link = await accounts.passwords.find(tokenOf(req));
  if (!link) return closed(res);
  res.render('account/new-password', resetPage(tokenOf(req), link.email));
}

async function writeReset(accounts: Accounts, req: Request, res: Response): Promise<void> {
  const token = tokenOf(req);
  const link = await accounts.passwords.find(token);
  if (!link) return closed(res);
  const page = resetPage(token, link.email);
  const given = { token, password: rawField(req.body, 'password') };
  const written = await accounts.passwords.reset(given, requestFacts(req, res));
  if (written.ok) return res.redirect(303, `${paths.signIn()}?after=password`);
  switch (written.reason) {
    case 'link_closed':
      return closed(res);
    case 'too_many':
      return showTooMany(res, 'account/new-password', page, written.retryAfterMs, 'password');
    case 'invalid':
      return showErrors(res, 'account/new-password', { ...page, errors: written.errors });
  }
}

function changePage(email: string): PasswordPage {
  return { title: 'Change your password', passwordMin: passwordLength.min, email, errors: [] };
}

function resetPage(token: string, email: string): PasswordPage & { token: string } {
  return { title: 'Choose a new password', passwordMin: passwordLength.min, token, email, errors: [] };
}

function forgottenPage(email: string): ForgottenPage {
  return { title: 'Forgotten your password?', email, sentTo: null, errors: [] };
}

function tokenOf(req: Request): string {
  return typeof req.params.token === 'string' ? req.params.token : '';
}

function closed(res: Response): void {
  showClosedLink(res, {
    title: 'This link cannot be used',
    advice: 'Links work once and for an hour, and only the latest one.',
    action: { href: paths.accountForgotten(), text: 'Ask for another link' },
  });
}
