import { fromNodeHeaders } from 'better-auth/node';
import type { Request, Response } from 'express';
import { z } from 'zod';
import type { ImpersonationService, Started, StartFailure } from '../../impersonation/index.ts';
import { actorOf, viewerOf } from '../actor.ts';
import type { Endpoint } from '../endpoint.ts';
import { forbidden, invalid, notFound, notSignedIn, parse, type Problem } from '../problem.ts';
import { problem } from './problem.schema.ts';

export const longestReason = 200;

/** The JSON request and the form. */
export const impersonateSchema = z.object({
  userId: z.uuid('Name a referrer by id'),
  reason: z
    .string('Enter a reason')
    // A browser sends each line break of the form as two characters and counts it as one.
    .overwrite((text) => text.replaceAll('\r\n', '\n'))
    .trim()
    .min(3, 'Enter a reason of at least 3 characters')
    .max(longestReason, `Enter a reason of at most ${longestReason} characters`),
});
const searchSchema = z.object({
  query: z.string('Say whom you look for').trim().min(1, 'Say whom you look for').max(200, 'Is too long'),
});
const person = z.object({ id: z.uuid(), name: z.string() });
const guarded = { 401: problem('`not_signed_in`'), 403: problem('`forbidden`'), 422: problem('`invalid`') };

export function impersonationEndpoints({
  impersonation,
}: {
  impersonation: ImpersonationService;
}): Endpoint[] {
  return [
    {
      method: 'get',
      path: '/admin/referrers/search',
      access: 'admin',
      summary: 'Find a referrer by name, address or organisation; typos and accents forgiven, best first',
      request: { query: searchSchema },
      responses: {
        200: {
          description: '20 at most',
          schema: z.object({
            referrers: z.array(
              z.object({
                id: z.uuid(),
                name: z.string(),
                email: z.string(),
                organization: person.nullable(),
                lastActiveAt: z.iso.datetime().nullable(),
              }),
            ),
          }),
        },
        ...guarded,
      },
      async handle(req, res) {
        const { query } = parse(searchSchema, req.query);
        const found = await impersonation.search(query);
        res.json({
          referrers: found.map((one) => ({ ...one, lastActiveAt: one.lastActiveAt?.toISOString() ?? null })),
        });
      },
    },
    {
      method: 'post',
      path: '/admin/impersonate',
      access: 'admin',
      summary: 'Act as a referrer; the session is the cookie of the answer',
      request: { body: impersonateSchema },
      responses: {
        200: {
          description: 'Acting',
          schema: z.object({
            impersonation: z.object({
              actingAs: person.extend({ email: z.string() }),
              admin: person,
              startedAt: z.iso.datetime(),
              expiresAt: z.iso.datetime(),
            }),
          }),
        },
        404: problem('`not_found`: not an active referrer'),
        ...guarded,
      },
      async handle(req, res) {
        const { actingAs, admin, startedAt, expiresAt } = await startActing(impersonation, req, res);
        res.json({
          impersonation: {
            actingAs,
            admin,
            startedAt: startedAt.toISOString(),
            expiresAt: expiresAt.toISOString(),
          },
        });
      },
    },
    {
      method: 'post',
      path: '/admin/exit-impersonation',
      access: 'session',
      summary: 'Stop acting; the admin’s own session is the cookie of the answer',
      responses: {
        200: { description: 'Ended', schema: z.object({ ended: z.literal(true) }) },
        401: problem('`not_signed_in`'),
        403: problem('`forbidden`: nobody acts here'),
      },
      async handle(req, res) {
        await stopActing(impersonation, req, res);
        res.json({ ended: true });
      },
    },
  ];
}

/** @throws Problem */
export async function startActing(
  impersonation: ImpersonationService,
  req: Request,
  res: Response,
): Promise<Started> {
  const { userId, reason } = parse(impersonateSchema, req.body);
  const started = await impersonation.start(
    ...([actorOf(req, res), fromNodeHeaders(req.headers), userId, reason] as const),
  );
  if (!started.ok) throw refused(started);
  for (const cookie of started.value.cookies) res.append('Set-Cookie', cookie);
  return started.value;
}

/** @returns whether there is an admin's session to go back to. @throws Problem */
export async function stopActing(
  impersonation: ImpersonationService,
  req: Request,
  res: Response,
): Promise<boolean> {
  const viewer = viewerOf(res);
  if (!viewer?.actingAdmin) {
    // It had ended otherwise, and the way back has been gone already (session.ts).
    if (res.locals.isBack === true) return true;
    throw forbidden('Nobody acts in this session.');
  }
  const { isAdminBack, cookies } = await impersonation.exit(fromNodeHeaders(req.headers), viewer);
  for (const cookie of cookies) res.append('Set-Cookie', cookie);
  return isAdminBack;
}

function refused({ reason }: StartFailure): Problem {
  if (reason === 'not_a_referrer') return notFound('There is no active referrer of this id.');
  if (reason === 'session_ended') return notSignedIn();
  if (reason === 'oneself') return invalid([{ path: 'userId', message: 'You cannot act as yourself' }]);
  return forbidden('You act as somebody already: stop that first.');
}
