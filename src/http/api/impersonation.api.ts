import { z } from 'zod';
import { actRequest, type ImpersonationService } from '../../impersonation/index.ts';
import { tidyLine } from '../../lib/typed-text.ts';
import { startActing, stopActing } from '../acting.ts';
import type { Endpoint } from '../endpoint.ts';
import { parse } from '../problem.ts';
import { problem } from './problem.schema.ts';

const searchSchema = z.object({
  query: z
    .string('Enter a name, an e-mail address or an organisation')
    .overwrite(tidyLine)
    .min(1, 'Enter a name, an e-mail address or an organisation')
    .max(200, 'Is too long'),
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
      request: { body: actRequest },
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
