// Changing the e-mail address: requested while signed in, confirmed by a link sent to the new address.
import type { Request, Response } from 'express';
import type { Accounts } from '../../../accounts/index.ts';
import { requestFacts, viewerOf } from '../../actor.ts';
import type { PageRoute } from '../../endpoint.ts';
import { rawField, typed } from '../../forms/fields.ts';
import { paths } from '../../paths.ts';
import type { FieldProblem } from '../../problem.ts';
import type { PageData } from '../../views.ts';
import { ownActor, showClosedLink, showErrors, showTooMany } from './account-page.ts';

interface EmailPage extends PageData {
  current: string;
  email: string;
  sentTo: string | null;
  errors: FieldProblem[];
}

interface ProofPage extends PageData {
  token: string;
  email: string;
  errors: FieldProblem[];
}

export function emailPages(accounts: Accounts): PageRoute[] {
  const proof = paths.accountEmailProof(':token');
  return [
    {
      method: 'get',
      path: paths.accountEmail(),
      access: 'session',
      handle: (req, res) => res.render('account/email', pageOf(ownActor(req, res).viewer.email, '')),
    },
    {
      method: 'post',
      path: paths.accountEmail(),
      access: 'session',
      handle: (req, res) => ask(accounts, req, res),
    },
    { method: 'get', path: proof, access: 'anyone', handle: (req, res) => showProof(accounts, req, res) },
    { method: 'post', path: proof, access: 'anyone', handle: (req, res) => prove(accounts, req, res) },
  ];
}

async function ask(accounts: Accounts, req: Request, res: Response): Promise<void> {
  const actor = ownActor(req, res);
  const page = pageOf(actor.viewer.email, typed(req.body, 'email'));
  const given = { email: rawField(req.body, 'email'), password: rawField(req.body, 'password') };
  const asked = await accounts.emailChange.request(given, actor);
  if (asked.ok) {
    return res.render('account/email', { ...page, title: 'Check your e-mail', sentTo: asked.value.email });
  }
  if (asked.reason === 'too_many')
    return showTooMany(res, 'account/email', page, asked.retryAfterMs, 'email');
  showErrors(res, 'account/email', { ...page, errors: asked.errors });
}

/** Mail scanners follow links, so only the button on the page confirms. */
async function showProof(accounts: Accounts, req: Request, res: Response): Promise<void> {
  const link = await accounts.emailChange.find(tokenOf(req));
  if (!link) return closed(res);
  res.render('account/email-proof', proofPage(tokenOf(req), link.email));
}

async function prove(accounts: Accounts, req: Request, res: Response): Promise<void> {
  const token = tokenOf(req);
  const proven = await accounts.emailChange.confirm(token, requestFacts(req, res));
  if (proven.ok) {
    return res.redirect(303, viewerOf(res) ? paths.account() : `${paths.signIn()}?after=email`);
  }
  if (proven.reason === 'link_closed') return closed(res);
  showTooMany(res, 'account/email-proof', proofPage(token, ''), proven.retryAfterMs, '');
}

function pageOf(current: string, email: string): EmailPage {
  return { title: 'Change your e-mail address', current, email, sentTo: null, errors: [] };
}

function proofPage(token: string, email: string): ProofPage {
  return { title: 'Confirm your new address', token, email, errors: [] };
}

function tokenOf(req: Request): string {
  return typeof req.params.token === 'string' ? req.params.token : '';
}

function closed(res: Response): void {
  showClosedLink(res, {
    title: 'This link cannot be used',
    advice: 'Links work once and for a day, and only the latest one. Ask for another under Your account.',
    action: { href: paths.accountEmail(), text: 'Change your e-mail address' },
  });
}
