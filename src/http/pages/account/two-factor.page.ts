// Two-step sign-in: set-up with an app, recovery codes, turning it off.
import type { Request, Response } from 'express';
import type { Accounts, Actor, TwoFactorFailure } from '../../../accounts/index.ts';
import { headersOf } from '../../actor.ts';
import type { PageRoute } from '../../endpoint.ts';
import { digits } from '../../forms/codes.ts';
import { typed } from '../../forms/fields.ts';
import { safeNext } from '../../next-path.ts';
import { paths } from '../../paths.ts';
import type { FieldProblem } from '../../problem.ts';
import type { PageData } from '../../views.ts';
import { ownActor, showErrors, showTooMany } from './account-page.ts';
import { setCookies } from '../../respond.ts';

interface TwoFactorPage extends PageData {
  isOn: boolean;
  isRequired: boolean;
  recoveryCodesLeft: number | null;
  /** Where "Not now" leads, when two-step sign-in is offered after signing in. */
  next: string | null;
  errors: FieldProblem[];
}

interface SetUpPage extends PageData {
  /** SVG made by the app. */
  qr: string;
  /** For the app on the same device. */
  uri: string;
  /** The secret in groups of four letters, for people who cannot scan the code. */
  secret: string;
  errors: FieldProblem[];
}

interface CodesPage extends PageData {
  recoveryCodes: string[];
  isNew: boolean;
}

const view = 'account/two-factor';

export function twoFactorPages(accounts: Accounts): PageRoute[] {
  const on = (
    method: 'get' | 'post',
    path: string,
    handle: (accounts: Accounts, req: Request, res: Response) => Promise<void>,
  ): PageRoute => ({ method, path, access: 'session', handle: (req, res) => handle(accounts, req, res) });
  return [
    on('get', paths.accountTwoFactor(), show),
    on('post', paths.accountTwoFactor(), begin),
    on('post', paths.accountTwoFactorLater(), later),
    on('get', paths.accountTwoFactorSetUp(), showSetUp),
    on('post', paths.accountTwoFactorSetUp(), confirm),
    on('post', paths.accountTwoFactorCodes(), renew),
    on('post', paths.accountTwoFactorOff(), turnOff),
  ];
}

async function show(accounts: Accounts, req: Request, res: Response): Promise<void> {
  const page = await pageOf(accounts, ownActor(req, res));
  res.render(view, { ...page, next: page.isRequired ? null : safeNext(req.query.next) });
}

const laterCookie = 'two-step-later';
const laterSeconds = 30 * 24 * 3_600;

/** Whether somebody in this browser said "Not now" within a month. */
export function wantsTwoFactorLater(req: Request): boolean {
  return new RegExp(`(^|;\\s*)${laterCookie}=1`).test(req.headers.cookie ?? '');
}

async function later(_accounts: Accounts, req: Request, res: Response): Promise<void> {
  ownActor(req, res);
  res.append(
    'Set-Cookie',
    `${laterCookie}=1; Max-Age=${laterSeconds}; Path=/sign-in; HttpOnly; SameSite=Lax`,
  );
  res.redirect(303, safeNext(typed(req.body, 'next')) ?? paths.home());
}

async function begin(accounts: Accounts, req: Request, res: Response): Promise<void> {
  const actor = ownActor(req, res);
  const begun = await accounts.twoFactor.begin(actor, headersOf(req), typed(req.body, 'password'));
  if (begun.ok) return res.redirect(303, paths.accountTwoFactorSetUp());
  await refuse(accounts, actor, res, begun, 'password');
}

async function showSetUp(accounts: Accounts, req: Request, res: Response): Promise<void> {
  const page = await setUpPage(accounts, ownActor(req, res));
  if (!page) return res.redirect(303, paths.accountTwoFactor());
  res.render('account/two-factor-set-up', page);
}

async function confirm(accounts: Accounts, req: Request, res: Response): Promise<void> {
  const actor = ownActor(req, res);
  const page = await setUpPage(accounts, actor);
  if (!page) return res.redirect(303, paths.accountTwoFactor());
  const code = digits(typed(req.body, 'code'));
  const setUp = 'account/two-factor-set-up';
  if (!/^\d{6}$/.test(code)) {
    const message = 'Enter the six digits that the app shows';
    return showErrors(res, setUp, { ...page, errors: [{ path: 'code', message }] });
  }
  const confirmed = await accounts.twoFactor.confirm(actor, headersOf(req), code);
  if (confirmed.ok) {
    setCookies(res, confirmed.value.cookies);
    return showCodes(res, confirmed.value.recoveryCodes, true);
  }
  switch (confirmed.reason) {
    case 'too_many':
      return showTooMany(res, setUp, page, confirmed.retryAfterMs, 'code');
    case 'wrong_code': {
      const message = 'This code is wrong. Enter the next one that the app shows';
      return showErrors(res, setUp, { ...page, errors: [{ path: 'code', message }] });
    }
    case 'wrong_password':
    case 'not_now':
    case 'required':
      return res.redirect(303, paths.accountTwoFactor());
  }
}

async function renew(accounts: Accounts, req: Request, res: Response): Promise<void> {
  const actor = ownActor(req, res);
  const password = typed(req.body, 'codesPassword');
  const renewed = await accounts.twoFactor.renewRecoveryCodes(actor, headersOf(req), password);
  if (renewed.ok) return showCodes(res, renewed.value.recoveryCodes, false);
  await refuse(accounts, actor, res, renewed, 'codesPassword');
}

async function turnOff(accounts: Accounts, req: Request, res: Response): Promise<void> {
  const actor = ownActor(req, res);
  const password = typed(req.body, 'offPassword');
  const turnedOff = await accounts.twoFactor.turnOff(actor, headersOf(req), password);
  if (turnedOff.ok) {
    setCookies(res, turnedOff.value.cookies);
    return res.redirect(303, `${paths.account()}?done=two-factor-off`);
  }
  await refuse(accounts, actor, res, turnedOff, 'offPassword');
}

const words: Record<Exclude<TwoFactorFailure['reason'], 'too_many'>, string> = {
  wrong_password: 'This is not your password. Enter the one you sign in with',
  wrong_code: 'This code is wrong',
  not_now: 'This was done already, perhaps in another window',
  required: 'You must use two-step sign-in',
};

async function refuse(
  accounts: Accounts,
  actor: Actor,
  res: Response,
  why: TwoFactorFailure,
  path: string,
): Promise<void> {
  const page = await pageOf(accounts, actor);
  if (why.reason === 'too_many') return showTooMany(res, view, page, why.retryAfterMs, path);
  const isAboutField = why.reason === 'wrong_password';
  showErrors(res, view, {
    ...page,
    errors: [{ path: isAboutField ? path : '', message: words[why.reason] }],
  });
}

function showCodes(res: Response, recoveryCodes: string[], isNew: boolean): void {
  const page: CodesPage = { title: 'Your recovery codes', recoveryCodes, isNew };
  res.render('account/recovery-codes', page);
}

async function pageOf(accounts: Accounts, actor: Actor): Promise<TwoFactorPage> {
  const state = await accounts.twoFactor.state(actor.viewer);
  return { title: 'Two-step sign-in', ...state, next: null, errors: [] };
}

async function setUpPage(accounts: Accounts, actor: Actor): Promise<SetUpPage | null> {
  const pending = await accounts.twoFactor.pending(actor.viewer);
  if (!pending) return null;
  // Loaded when it is needed, because few processes ever draw a code.
  const { toString } = await import('qrcode');
  return {
    title: 'Set up two-step sign-in',
    qr: await toString(pending.uri, { type: 'svg', margin: 2, errorCorrectionLevel: 'M' }),
    uri: pending.uri,
    secret: pending.secret.match(/.{1,4}/g)?.join(' ') ?? pending.secret,
    errors: [],
  };
}
