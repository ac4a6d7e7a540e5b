// The better-auth endpoints that are open to clients, implemented over auth.api; all others are 404.
import type { Request, Response } from 'express';
import { z } from 'zod';
import { roles, type Accounts } from '../../accounts/index.ts';
import { headersOf, requestFacts, sessionLeftOf, viewerOf } from '../actor.ts';
import type { Endpoint } from '../endpoint.ts';
import { digits } from '../forms/codes.ts';
import { emailField } from '../forms/email-field.ts';
import { paths } from '../paths.ts';
import { parse, Problem, tooManyRequests } from '../problem.ts';
import { setCookies } from '../respond.ts';
import { problem } from './problem.schema.ts';

const user = z.object({
  id: z.uuid(),
  name: z.string(),
  email: z.string().meta({ format: 'email' }),
  role: z.enum(roles),
});
const credentials = z.object({
  email: emailField,
  password: z.string().min(1).max(128),
});

const secondStepNext = z.object({
  twoFactorRedirect: z.literal(true),
  twoFactorMethods: z.array(z.literal('totp')),
});
const code = z.object({ code: z.string().trim().min(1).max(40) });

const refusals = {
  401: problem('`bad_credentials`'),
  422: problem('`invalid`'),
  429: problem('`too_many_requests`: try again after as many seconds as Retry-After says'),
};

const secondStep = {
  method: 'post',
  access: 'anyone',
  request: { body: code },
  responses: { 200: { description: 'Signed in', schema: z.object({ user }) }, ...refusals },
} as const;

const left = z.object({
  userId: z.uuid(),
  secondsLeft: z.int().min(0).describe('Until the session ends, unless another request comes'),
});

/** For open pages, which warn before the end. */
const untilWhen: Pick<Endpoint, 'path' | 'access' | 'responses' | 'handle'> = {
  path: paths.session(),
  access: 'session',
  responses: {
    200: { description: 'The session', schema: left },
    401: problem('`not_signed_in`'),
  },
  handle(_req, res) {
    res.json({ userId: viewerOf(res)?.userId, secondsLeft: sessionLeftOf(res) });
  },
};

export function sessionEndpoints(accounts: Accounts): Endpoint[] {
  const answerSecondStep = async (
    req: Request,
    res: Response,
    given: { code: string } | { recoveryCode: string },
  ): Promise<void> => {
    const taken = await accounts.secondStep(given, headersOf(req), requestFacts(req, res));
    if (taken.ok) {
      setCookies(res, taken.value.cookies);
      res.json({ user: taken.value.user });
      return;
    }
    if (taken.reason === 'too_many') throw tooManyRequests(taken.retryAfterMs);
    throw new Problem(
      'bad_credentials',
      taken.reason === 'wrong_code' ? 'The code is wrong.' : 'Sign in with the password first.',
    );
  };
  return [
    {
      ...untilWhen,
      method: 'get',
      summary: 'Until when the session lasts. With `X-Polling: true` the request does not extend it',
    },
    { ...untilWhen, method: 'post', summary: 'Extend the session, as every request does' },
    {
      method: 'post',
      path: '/api/auth/sign-in/email',
      access: 'anyone',
      summary: 'Sign in; the session is the cookie of the answer',
      request: { body: credentials },
      responses: {
        200: {
          description:
            'Signed in; with `twoFactorRedirect` the password was right and a code is required next',
          schema: z.union([z.object({ redirect: z.literal(false), user }), secondStepNext]),
        },
        ...refusals,
      },
      async handle(req, res) {
        const given = parse(credentials, req.body);
        const signedIn = await accounts.signIn(given, headersOf(req), requestFacts(req, res));
        if (!signedIn.ok && signedIn.reason === 'too_many') throw tooManyRequests(signedIn.retryAfterMs);
        if (!signedIn.ok && signedIn.reason === 'second_step') {
          setCookies(res, signedIn.cookies);
          res.json({ twoFactorRedirect: true, twoFactorMethods: ['totp'] });
          return;
        }
        if (!signedIn.ok)
          throw new Problem('bad_credentials', 'The e-mail address or the password is wrong.');
        setCookies(res, signedIn.value.cookies);
        res.json({ redirect: false, user: signedIn.value.user });
      },
    },
    {
      ...secondStep,
      path: '/api/auth/two-factor/verify-totp',
      summary: 'Sign in, second step: the code from the authenticator app',
      handle: (req, res) => answerSecondStep(req, res, { code: digits(parse(code, req.body).code) }),
    },
    {
      ...secondStep,
      path: '/api/auth/two-factor/verify-backup-code',
      summary: 'Sign in, second step: a recovery code, which works once',
      handle: (req, res) => answerSecondStep(req, res, { recoveryCode: parse(code, req.body).code }),
    },
    {
      method: 'post',
      path: '/api/auth/sign-out',
      access: 'anyone',
      summary: 'End the session',
      responses: { 200: { description: 'Signed out', schema: z.object({ success: z.literal(true) }) } },
      async handle(req, res) {
        const cookies = await accounts.signOut(headersOf(req), viewerOf(res), requestFacts(req, res));
        setCookies(res, cookies);
        res.json({ success: true });
      },
    },
    {
      method: 'get',
      path: '/api/auth/get-session',
      access: 'anyone',
      summary: 'Who is signed in; null when nobody is',
      responses: {
        200: {
          description: 'The session',
          schema: z
            .object({
              session: z.object({ id: z.uuid(), userId: z.uuid() }),
              user: user.extend({ organization: z.object({ id: z.uuid(), name: z.string() }).nullable() }),
              actingAdmin: z.object({ id: z.uuid(), name: z.string() }).nullable(),
            })
            .nullable(),
        },
      },
      handle(_req, res) {
        const viewer = viewerOf(res);
        if (!viewer) {
          res.json(null);
          return;
        }
        const { sessionId, userId, name, email, role, organization, actingAdmin } = viewer;
        res.json({
          session: { id: sessionId, userId },
          user: { id: userId, name, email, role, organization },
          actingAdmin,
        });
      },
    },
  ];
}
